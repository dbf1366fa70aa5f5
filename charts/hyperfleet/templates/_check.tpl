{{/* Refuses values that contradict each other, which a schema says less clearly. */}}
{{- define "hyperfleet.check" -}}
{{- $manager := eq .Values.mode "manager" -}}
{{- if and $manager (not (semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version)) -}}
{{- fail (printf "mode: manager needs Kubernetes 1.36 or later for its admission policies, and this is %s" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- if and $manager .Values.fullnameOverride -}}
{{- fail "fullnameOverride: names are fixed in mode manager, because only one manager can serve a cluster" -}}
{{- end -}}
{{- if and (not $manager) .Values.autoscaling.enabled -}}
{{- fail "autoscaling.enabled: mode server is one process" -}}
{{- end -}}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) -}}
{{- fail (printf "autoscaling.minReplicas: %d is more than autoscaling.maxReplicas, %d" (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- end -}}
{{- if not .Values.metrics.tokenSecret.name -}}
{{- if .Values.metrics.podMonitor.enabled -}}
{{- fail "metrics.tokenSecret.name: a PodMonitor needs a Secret with a token, because it cannot use that of Prometheus" -}}
{{- end -}}
{{- if and (not $manager) .Values.metrics.serviceMonitor.enabled -}}
{{- fail "metrics.tokenSecret.name: in mode server a ServiceMonitor needs a Secret with a token of the server, which does not know that of Prometheus" -}}
{{- end -}}
{{- end -}}
{{- /* Neither change may leave objects that nobody finalizes any more. */ -}}
{{- if .Release.IsUpgrade -}}
{{- range (lookup "apps/v1" "Deployment" .Release.Namespace "hyperfleet-manager" | dig "spec" "template" "spec" "containers" list) -}}
{{- if not $manager -}}
{{- fail "mode: a manager cannot become a server, because its Clusters and NodePools could not be deleted any more: uninstall the release first" -}}
{{- end -}}
{{- $served := index (regexFind "--namespace=[a-z0-9-]+" (join " " .args) | splitList "=") 1 -}}
{{- range $kind := list "Cluster" "NodePool" -}}
{{- if and (ne $served $.Values.servedNamespace) (lookup "hyperfleet.io/v1" $kind $served "").items -}}
{{- fail (printf "servedNamespace: there are %ss in %s, which could not be deleted any more: delete them first" $kind $served) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
