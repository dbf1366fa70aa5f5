{{/* The annotations of a hook before uninstalling, with its weight. A failed Job stays. */}}
{{- define "hyperfleet.uninstallHook" -}}
helm.sh/hook: pre-delete
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{/*
A container that deletes all objects of a resource and waits until they are gone, or one
that fails if there is one. kubectl wait with a time-out of 0 looks once.
*/}}
{{- define "hyperfleet.uninstallStep" -}}
{{- $root := index . 0 }}{{ $do := index . 1 }}{{ $resource := index . 2 -}}
- name: {{ $resource }}
  image: {{ include "hyperfleet.image" $root | quote }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  command: [/hyperfleet, kubectl]
  args:
  {{- if eq $do "delete" }}
  - delete
  - --timeout={{ int64 $root.Values.uninstall.timeoutSeconds }}s
  {{- else }}
  - wait
  - --for=delete
  - --timeout=0s
  {{- end }}
  - {{ printf "--namespace=%s" $root.Values.servedNamespace | quote }}
  - --all
  - {{ $resource }}.hyperfleet.io
  resources:
    requests: {cpu: 50m, memory: 64Mi}
    limits: {memory: 256Mi}
  securityContext:
    {{- toYaml $root.Values.securityContext | nindent 4 }}
{{- end -}}
