{{/* The parts of a pod that both modes share. */}}

{{- define "hyperfleet.podMetadata" -}}
labels:
  {{- include "hyperfleet.selector" . | nindent 2 }}
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  kubectl.kubernetes.io/default-container: {{ .Values.mode }}
  {{- with .Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "hyperfleet.podSpec" -}}
serviceAccountName: {{ include "hyperfleet.workload" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 .Values.terminationGracePeriodSeconds }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "hyperfleet.container" -}}
image: {{ include "hyperfleet.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
# The kubelet restarts only a process that does not answer. A process that waits for the
# API server, or whose index is loading or stale, is not ready; a restart would make it
# load everything again.
startupProbe:
  httpGet:
    path: /healthz
    port: probes
  periodSeconds: 2
  failureThreshold: 150
livenessProbe:
  httpGet:
    path: /healthz
    port: probes
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet:
    path: /readyz
    port: probes
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}

{{- define "hyperfleet.args" -}}
- {{ printf "--namespace=%s" .Values.servedNamespace | quote }}
- --adapters-config=/etc/hyperfleet/adapters.yaml
- --facade-bind-address=:8000
{{- if include "hyperfleet.tlsSecret" . }}
- --tls-cert-file=/etc/hyperfleet-tls/tls.crt
- --tls-private-key-file=/etc/hyperfleet-tls/tls.key
{{- end }}
{{- if eq .Values.mode "manager" }}
- --drain-delay=10s # time for load balancers to stop sending requests
{{- end }}
- --health-probe-bind-address=:8080
- --metrics-bind-address=:9090
{{- end -}}

{{- define "hyperfleet.ports" -}}
- name: rest
  containerPort: 8000
- name: probes
  containerPort: 8080
- name: metrics
  containerPort: 9090
{{- end -}}

{{- define "hyperfleet.volumeMounts" -}}
- name: adapters
  mountPath: /etc/hyperfleet
  readOnly: true
{{- if include "hyperfleet.tlsSecret" . }}
- name: tls
  mountPath: /etc/hyperfleet-tls
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "hyperfleet.volumes" -}}
- name: adapters
  configMap:
    name: {{ include "hyperfleet.adaptersConfigMap" . }}
{{- with include "hyperfleet.tlsSecret" . }}
- name: tls
  secret:
    secretName: {{ . }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
