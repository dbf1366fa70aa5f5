/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package charts

const (
	container = "{.spec.template.spec.containers[0]"
	deployed  = "hyperfleet-manager"
)

// valuesCases set each value once or more.
var valuesCases = map[string]valuesCase{
	"mode manager": {
		values: "mode: manager",
		facts: []fact{
			{"Deployment", deployed, container + ".command}", `["/hyperfleet","manager"]`},
			{"CustomResourceDefinition", "clusters.hyperfleet.io", "", "exists"},
			{"StatefulSet", "rel-hyperfleet", "", ""},
		},
	},
	"mode server": {
		values: "mode: server",
		facts: []fact{
			{"StatefulSet", "rel-hyperfleet", container + ".command}", `["/hyperfleet","server"]`},
			{"StatefulSet", "rel-hyperfleet", "{.spec.serviceName}", "rel-hyperfleet"},
			{"Service", "rel-hyperfleet", `{.spec.ports[?(@.name=="kubernetes")].port}`, "6443"},
			{"NetworkPolicy", "rel-hyperfleet", "{.spec.ingress[0].ports[*].port}", "rest kubernetes probes"},
			{"ServiceAccount", "rel-hyperfleet", "", "exists"},
			{"CustomResourceDefinition", "clusters.hyperfleet.io", "", ""},
			{"ClusterRole", "hyperfleet-manager", "", ""},
			{"PodDisruptionBudget", deployed, "", ""},
			{"Job", "hyperfleet-uninstall", "", ""},
			{"Deployment", deployed, "", ""},
		},
	},
	"names": {
		values: "{mode: server, fullnameOverride: fleet, commonLabels: {team: a}}",
		facts: []fact{
			{"StatefulSet", "fleet", "{.metadata.labels.team}", "a"},
			{"Service", "fleet", "", "exists"},
			{"ConfigMap", "fleet-adapters", "", "exists"},
		},
	},
	"served namespace": {
		values: `servedNamespace: "123"`, // stays a string
		facts: []fact{
			{"Deployment", deployed, container + ".args[1]}", "--namespace=123"},
			{"RoleBinding", "hyperfleet-impersonated-writer", "{.metadata.namespace}", "123"},
			{"ValidatingAdmissionPolicyBinding", "hyperfleet-bounds", "{.spec.matchResources.namespaceSelector.matchExpressions[0].values}", `["123"]`},
			{"Role", "hyperfleet-uninstall", "{.metadata.namespace}", "123"},
		},
	},
	"image": {
		values: "{image: {repository: example.com/hyperfleet, tag: v1.0.0, pullPolicy: Always}, imagePullSecrets: [{name: pull}]}",
		facts: []fact{
			{"Deployment", deployed, container + ".image}", "example.com/hyperfleet:v1.0.0"},
			{"Deployment", deployed, container + ".imagePullPolicy}", "Always"},
			{"Deployment", deployed, "{.spec.template.spec.imagePullSecrets[0].name}", "pull"},
			{"Job", "hyperfleet-uninstall", container + ".image}", "example.com/hyperfleet:v1.0.0"},
			{"Job", "hyperfleet-uninstall", "{.spec.template.spec.imagePullSecrets[0].name}", "pull"},
		},
	},
	"image by digest": {
		values: "image: {digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}",
		facts: []fact{
			{"Deployment", deployed, container + ".image}", "hyperfleet@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		},
	},
	"replicas": {
		values: "{replicas: 3, podDisruptionBudget: {maxUnavailable: 50%}}",
		facts: []fact{
			{"Deployment", deployed, "{.spec.replicas}", "3"},
			{"PodDisruptionBudget", deployed, "{.spec.maxUnavailable}", "50%"},
			{"HorizontalPodAutoscaler", deployed, "", ""},
		},
	},
	"autoscaling": {
		values: `
autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 7, targetCPUUtilizationPercentage: 60, behavior: {scaleDown: {stabilizationWindowSeconds: 600}}}
podDisruptionBudget: {enabled: false}
`,
		facts: []fact{
			{"Deployment", deployed, "{.spec.replicas}", ""},
			{"HorizontalPodAutoscaler", deployed, "{.spec.minReplicas} {.spec.maxReplicas} {.spec.metrics[0].resource.target.averageUtilization}", "3 7 60"},
			{"HorizontalPodAutoscaler", deployed, "{.spec.behavior.scaleDown.stabilizationWindowSeconds}", "600"},
			{"PodDisruptionBudget", deployed, "", ""},
		},
	},
	"adapters": {
		values: `
adapters:
  requiredAdapters: {Cluster: [{name: dns, finalizes: false}], NodePool: []}
  conditions: {Cluster: [{type: Healthy, when: "true", output: {status: '"True"', reason: '"R"', message: '"m"'}}]}
`,
		facts: []fact{
			{"ConfigMap", "hyperfleet-adapters", "{.data.adapters\\.yaml}", `requiredAdapters:
  Cluster:
  - finalizes: false
    name: dns
  NodePool: []
conditions:
  Cluster:
  - output:
      message: '"m"'
      reason: '"R"'
      status: '"True"'
    type: Healthy
    when: "true"
`},
		},
	},
	"adapters of another ConfigMap": {
		values: "adaptersConfigMap: mine",
		facts: []fact{
			{"Deployment", deployed, `{.spec.template.spec.volumes[?(@.name=="adapters")].configMap.name}`, "mine"},
			{"ConfigMap", "hyperfleet-adapters", "", ""},
		},
	},
	"an existing Secret": {
		values: "tls: {secretName: mine}",
		facts: []fact{
			{"Deployment", deployed, `{.spec.template.spec.volumes[?(@.name=="tls")].secret.secretName}`, "mine"},
		},
	},
	"an existing Secret in mode server": {
		values: "{mode: server, tls: {secretName: mine}}",
		facts: []fact{
			{"StatefulSet", "rel-hyperfleet", `{.spec.template.spec.volumes[?(@.name=="tls")].secret.secretName}`, "mine"},
			{"StatefulSet", "rel-hyperfleet", container + `.volumeMounts[?(@.name=="tls")].mountPath}`, "/etc/hyperfleet-tls"},
		},
	},
	"cert-manager": {
		values: `
mode: server
tls:
  certManager: {enabled: true, issuerRef: {group: example.com, kind: Mine, name: yours}, dnsNames: [fleet.example.com], duration: 2160h, renewBefore: 360h}
`,
		facts: []fact{
			{"Certificate", "rel-hyperfleet", "{.spec.issuerRef.group} {.spec.issuerRef.kind} {.spec.issuerRef.name}", "example.com Mine yours"},
			{"Certificate", "rel-hyperfleet", "{.spec.dnsNames[*]}", "rel-hyperfleet.hyperfleet-system.svc rel-hyperfleet.hyperfleet-system.svc.cluster.local fleet.example.com"},
			{"Certificate", "rel-hyperfleet", "{.spec.duration} {.spec.renewBefore} {.spec.secretName}", "2160h 360h rel-hyperfleet-tls"},
			{"StatefulSet", "rel-hyperfleet", `{.spec.template.spec.volumes[?(@.name=="tls")].secret.secretName}`, "rel-hyperfleet-tls"},
			{"Issuer", "rel-hyperfleet", "", ""},
		},
	},
	"service": {
		values: "{mode: server, service: {type: LoadBalancer, port: 8443, kubernetesPort: 443, annotations: {a: b}, labels: {c: d}}}",
		facts: []fact{
			{"Service", "rel-hyperfleet", "{.spec.type} {.spec.ports[*].port}", "LoadBalancer 8443 9090 443"},
			{"Service", "rel-hyperfleet", "{.metadata.annotations.a} {.metadata.labels.c}", "b d"},
		},
	},
	"a new volume": {
		values: "{mode: server, persistence: {storageClassName: fast, accessModes: [ReadWriteOncePod], size: 20Gi, annotations: {a: b}}}",
		facts: []fact{
			{"StatefulSet", "rel-hyperfleet", "{.spec.volumeClaimTemplates[0].spec.storageClassName} {.spec.volumeClaimTemplates[0].spec.accessModes[0]}", "fast ReadWriteOncePod"},
			{"StatefulSet", "rel-hyperfleet", "{.spec.volumeClaimTemplates[0].spec.resources.requests.storage} {.spec.volumeClaimTemplates[0].metadata.annotations.a}", "20Gi b"},
		},
	},
	"an existing volume": {
		values: "{mode: server, persistence: {existingClaim: mine}}",
		facts: []fact{
			{"StatefulSet", "rel-hyperfleet", `{.spec.template.spec.volumes[?(@.name=="data")].persistentVolumeClaim.claimName}`, "mine"},
			{"StatefulSet", "rel-hyperfleet", "{.spec.volumeClaimTemplates}", ""},
		},
	},
	"no volume": {
		values: "{mode: server, persistence: {enabled: false}}",
		facts: []fact{
			{"StatefulSet", "rel-hyperfleet", `{.spec.template.spec.volumes[?(@.name=="data")].emptyDir}`, "{}"},
			{"StatefulSet", "rel-hyperfleet", "{.spec.volumeClaimTemplates}", ""},
		},
	},
	"names in the server's certificate": {
		values: "{mode: server, server: {tlsSANs: [fleet.example.com]}}",
		facts: []fact{
			{"StatefulSet", "rel-hyperfleet", container + ".args[2:6]}",
				"--tls-san=rel-hyperfleet --tls-san=rel-hyperfleet.hyperfleet-system.svc --tls-san=rel-hyperfleet.hyperfleet-system.svc.cluster.local --tls-san=fleet.example.com"},
		},
	},
	"CRDs that go with the release": {
		values: "crds: {keep: false}",
		facts: []fact{
			{"CustomResourceDefinition", "clusters.hyperfleet.io", `{.metadata.annotations.helm\.sh/resource-policy}`, ""},
		},
	},
	"CRDs that something else installs": {
		values: "crds: {install: false}",
		facts:  []fact{{"CustomResourceDefinition", "clusters.hyperfleet.io", "", ""}},
	},
	"adapter identity": {
		values: "adapterIdentity: {enabled: true}",
		facts: []fact{
			{"ValidatingAdmissionPolicyBinding", "hyperfleet-adapter-identity", "", "exists"},
			{"Deployment", deployed, container + ".args[10]}", "--adapter-identity"},
		},
	},
	"adapter identity of a server": { // the server installs the policy itself
		values: "{mode: server, adapterIdentity: {enabled: true}}",
		facts: []fact{
			{"ValidatingAdmissionPolicyBinding", "hyperfleet-adapter-identity", "", ""},
			{"StatefulSet", "rel-hyperfleet", container + ".args[10]}", "--adapter-identity"},
		},
	},
	"uninstalling deletes objects": {
		values: "uninstall: {deleteObjects: true, timeoutSeconds: 100}",
		facts: []fact{
			{"Role", "hyperfleet-uninstall", "{.rules[0].verbs[*]}", "get list watch delete"},
			{"Job", "hyperfleet-uninstall", "{.spec.activeDeadlineSeconds}", "130"},
			{"Job", "hyperfleet-uninstall", "{.spec.template.spec.initContainers[0].args[*]}", "delete --timeout=100s --namespace=default --all clusters.hyperfleet.io"},
			{"Job", "hyperfleet-uninstall", "{.spec.template.spec.initContainers[1].args[4]}", "nodepools.hyperfleet.io"},
		},
	},
	"service account": {
		values: "serviceAccount: {annotations: {a: b}}",
		facts:  []fact{{"ServiceAccount", deployed, "{.metadata.annotations.a}", "b"}},
	},
	"resources and security": {
		values: `
resources: {requests: {cpu: 2, memory: 4Gi}, limits: {memory: 6Gi}}
podSecurityContext: {runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1001, seccompProfile: {type: Unconfined}}
securityContext: {allowPrivilegeEscalation: true, readOnlyRootFilesystem: false, capabilities: {drop: [NET_RAW]}}
`,
		facts: []fact{
			{"Deployment", deployed, container + ".resources.requests.cpu}", "2"},
			{"Deployment", deployed, container + ".resources.requests.memory}", "4Gi"},
			{"Deployment", deployed, container + ".resources.limits.memory}", "6Gi"},
			{"Deployment", deployed, "{.spec.template.spec.securityContext.runAsUser} {.spec.template.spec.securityContext.seccompProfile.type}", "1000 Unconfined"},
			{"Deployment", deployed, container + ".securityContext.capabilities.drop[*]}", "NET_RAW"},
			{"Job", "hyperfleet-uninstall", container + ".securityContext.capabilities.drop[*]}", "NET_RAW"},
		},
	},
	"extra": {
		values: `
extraArgs: [--page-size=50]
extraEnv: [{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "http://collector:4317"}]
extraVolumes: [{name: audit, configMap: {name: audit}}]
extraVolumeMounts: [{name: audit, mountPath: /etc/audit}]
`,
		facts: []fact{
			{"Deployment", deployed, container + ".args[-1]}", "--page-size=50"},
			{"Deployment", deployed, container + `.env[?(@.name=="OTEL_EXPORTER_OTLP_ENDPOINT")].value}`, "http://collector:4317"},
			{"Deployment", deployed, `{.spec.template.spec.volumes[?(@.name=="audit")].configMap.name}`, "audit"},
			{"Deployment", deployed, container + `.volumeMounts[?(@.name=="audit")].mountPath}`, "/etc/audit"},
		},
	},
	"extra in mode server": {
		values: `
mode: server
extraArgs: [--page-size=50]
extraEnv: [{name: GOGC, value: "100"}]
extraVolumes: [{name: audit, configMap: {name: audit}}]
extraVolumeMounts: [{name: audit, mountPath: /etc/audit}]
affinity: {nodeAffinity: {}}
topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]
`,
		facts: []fact{
			{"StatefulSet", "rel-hyperfleet", container + ".args[-1]}", "--page-size=50"},
			{"StatefulSet", "rel-hyperfleet", container + ".env[0].value}", "100"},
			{"StatefulSet", "rel-hyperfleet", `{.spec.template.spec.volumes[?(@.name=="audit")].configMap.name}`, "audit"},
			{"StatefulSet", "rel-hyperfleet", container + `.volumeMounts[?(@.name=="audit")].mountPath}`, "/etc/audit"},
			{"StatefulSet", "rel-hyperfleet", "{.spec.template.spec.affinity.nodeAffinity}", "{}"},
			{"StatefulSet", "rel-hyperfleet", "{.spec.template.spec.topologySpreadConstraints[0].topologyKey}", "zone"},
		},
	},
	"scheduling": {
		values: `
podAnnotations: {a: b}
podLabels: {c: d}
priorityClassName: high
terminationGracePeriodSeconds: 90
nodeSelector: {disk: fast}
tolerations: [{key: infra, operator: Exists}]
affinity: {nodeAffinity: {}}
topologySpreadConstraints: [{maxSkew: 1, topologyKey: rack, whenUnsatisfiable: DoNotSchedule}]
`,
		facts: []fact{
			{"Deployment", deployed, "{.spec.template.metadata.annotations.a} {.spec.template.metadata.labels.c}", "b d"},
			{"Deployment", deployed, "{.spec.template.spec.priorityClassName} {.spec.template.spec.terminationGracePeriodSeconds}", "high 90"},
			{"Deployment", deployed, "{.spec.template.spec.nodeSelector.disk} {.spec.template.spec.tolerations[0].key}", "fast infra"},
			{"Deployment", deployed, "{.spec.template.spec.affinity}", `{"nodeAffinity":{}}`},
			{"Deployment", deployed, "{.spec.template.spec.topologySpreadConstraints[*].topologyKey}", "rack"},
			{"Job", "hyperfleet-uninstall", "{.spec.template.spec.nodeSelector.disk} {.spec.template.spec.tolerations[0].key}", "fast infra"},
		},
	},
	"network policy": {
		values: `
networkPolicy:
  clients: [{namespaceSelector: {matchLabels: {team: a}}}]
  metricsNamespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}
  egressPorts: [6444]
  extraIngress: [{ports: [{port: 1}]}]
  extraEgress: [{ports: [{port: 4317}]}]
`,
		facts: []fact{
			{"NetworkPolicy", deployed, "{.spec.ingress[0].from[0].namespaceSelector.matchLabels.team} {.spec.ingress[0].ports[*].port}", "a rest"},
			{"NetworkPolicy", deployed, "{.spec.ingress[1]}", `{"ports":[{"port":"probes"}]}`},
			{"NetworkPolicy", deployed, `{.spec.ingress[2].from[0].namespaceSelector.matchLabels}`, `{"kubernetes.io/metadata.name":"monitoring"}`},
			{"NetworkPolicy", deployed, "{.spec.ingress[3].ports[0].port} {.spec.egress[0].ports[*].port} {.spec.egress[2].ports[0].port}", "1 6444 4317"},
			{"NetworkPolicy", "hyperfleet-uninstall", "{.spec.egress[0].ports[*].port}", "6444"},
		},
	},
	"no network policy": {
		values: "networkPolicy: {enabled: false}",
		facts: []fact{
			{"NetworkPolicy", deployed, "", ""},
			{"NetworkPolicy", "hyperfleet-uninstall", "", ""},
		},
	},
	"metrics": {
		values: `
metrics:
  tokenSecret: {name: scraper, key: t}
  serviceMonitor: {enabled: true, labels: {release: a}}
  podMonitor: {enabled: true, labels: {release: b}}
  interval: 10s
  tlsConfig: {serverName: fleet.example.com}
  prometheusRule: {enabled: true, labels: {release: c}}
  dashboard: {enabled: true, labels: {grafana_dashboard: null, mine: "1"}, annotations: {folder: HyperFleet}}
`,
		facts: []fact{
			{"ServiceMonitor", "hyperfleet", "{.metadata.labels.release} {.spec.endpoints[0].interval} {.spec.endpoints[0].tlsConfig}", `a 10s {"serverName":"fleet.example.com"}`},
			{"ServiceMonitor", "hyperfleet", "{.spec.endpoints[0].authorization.credentials}", `{"key":"t","name":"scraper"}`},
			{"ServiceMonitor", "hyperfleet", "{.spec.endpoints[0].bearerTokenFile}", ""},
			{"PodMonitor", "hyperfleet", "{.metadata.labels.release} {.spec.podMetricsEndpoints[0].authorization.credentials.name}", "b scraper"},
			{"PrometheusRule", "hyperfleet", "{.metadata.labels.release} {.spec.groups[0].rules[0].alert}", "c HyperFleetDown"},
			{"ConfigMap", "hyperfleet-dashboard", "{.metadata.labels.mine} {.metadata.labels.grafana_dashboard} {.metadata.annotations.folder}", "1  HyperFleet"},
		},
	},
}
