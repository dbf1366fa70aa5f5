{{/* In mode manager all names are fixed: the CRDs, policies and roles of a cluster exist once. */}}
{{- define "hyperfleet.name" -}}
{{- if eq .Values.mode "manager" -}}
hyperfleet
{{- else if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else if contains "hyperfleet" .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-hyperfleet" (.Release.Name | trunc 39 | trimSuffix "-") }}
{{- end -}}
{{- end -}}

{{/* The name of what belongs to the pods: the workload, its service account and its policies. */}}
{{- define "hyperfleet.workload" -}}
{{- if eq .Values.mode "manager" -}}
hyperfleet-manager
{{- else -}}
{{ include "hyperfleet.name" . }}
{{- end -}}
{{- end -}}

{{- define "hyperfleet.selector" -}}
app.kubernetes.io/name: hyperfleet
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "hyperfleet.labels" -}}
{{ include "hyperfleet.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Annotations of what Helm, Argo CD and Flux keep when they uninstall. */}}
{{- define "hyperfleet.keep" -}}
argocd.argoproj.io/sync-options: Delete=false,Prune=false
helm.sh/resource-policy: keep
kustomize.toolkit.fluxcd.io/prune: disabled
{{- end -}}

{{- define "hyperfleet.image" -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{- define "hyperfleet.adaptersConfigMap" -}}
{{ .Values.adaptersConfigMap | default (printf "%s-adapters" (include "hyperfleet.name" .)) }}
{{- end -}}

{{/* The Secret of the certificate. It is empty where the server uses its own authority. */}}
{{- define "hyperfleet.tlsSecret" -}}
{{- if .Values.tls.secretName -}}
{{ .Values.tls.secretName }}
{{- else if or (eq .Values.mode "manager") .Values.tls.certManager.enabled -}}
{{ include "hyperfleet.name" . }}-tls
{{- end -}}
{{- end -}}

{{/* The names of the Service, as a YAML list. */}}
{{- define "hyperfleet.hosts" -}}
{{- $host := printf "%s.%s.svc" (include "hyperfleet.name" .) .Release.Namespace -}}
- {{ $host }}
- {{ $host }}.cluster.local
{{- end -}}

{{/* Egress to the API server or to identity providers, and to DNS. */}}
{{- define "hyperfleet.egress" -}}
- ports:
  {{- range .Values.networkPolicy.egressPorts }}
  - port: {{ . }}
  {{- end }}
- to:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: kube-system
    podSelector:
      matchLabels:
        k8s-app: kube-dns
  ports:
  - port: 53
    protocol: UDP
  - port: 53
{{- end -}}

{{/* How Prometheus reaches the metrics, which need TLS and a token. */}}
{{- define "hyperfleet.scrape" -}}
port: metrics
path: /metrics
interval: {{ .Values.metrics.interval }}
scheme: https
tlsConfig:
  {{- with .Values.metrics.tlsConfig }}
  {{- toYaml . | nindent 2 }}
  {{- else }}
  insecureSkipVerify: true
  {{- end }}
{{- with .Values.metrics.tokenSecret }}
{{- if .name }}
authorization:
  credentials:
    name: {{ .name }}
    key: {{ .key }}
{{- end }}
{{- end }}
{{- end -}}
