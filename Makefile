# The targets that developers and CI run. make help lists them.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Without cgo, builds, checks and tests share the compiled packages. Only the race
# detector needs cgo.
export CGO_ENABLED := 0

# The version and revision that a program reports: see internal/version.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION ?= $(shell git rev-parse --verify HEAD 2>/dev/null || echo unknown)
IDENTITY = github.com/hyperfleet-io/hyperfleet/internal/version

# The folder of etcd, kube-apiserver and kubectl. They are built once, unless
# KUBEBUILDER_ASSETS names a folder that contains them.
ASSETS := $(abspath $(or $(KUBEBUILDER_ASSETS),bin/controlplane))

# kubectl and GitOps tools refuse an API server whose version they cannot parse.
KUBERNETES = $(shell go list -m -f '{{.Version}}' k8s.io/kubernetes)
KUBERNETES_PARTS = $(subst ., ,$(KUBERNETES:v%=%))
LDFLAGS = -s -w -X $(IDENTITY).version=$(VERSION) -X $(IDENTITY).revision=$(REVISION) \
	-X k8s.io/component-base/version.gitVersion=$(KUBERNETES) \
	-X k8s.io/component-base/version.gitMajor=$(word 1,$(KUBERNETES_PARTS)) \
	-X k8s.io/component-base/version.gitMinor=$(word 2,$(KUBERNETES_PARTS))

# The folder for the program, and how to build its image.
BIN ?= bin
CONTAINER_TOOL ?= docker
IMAGE ?= hyperfleet:latest

# The folder for artifacts of one target; make release always uses dist.
DIST ?= dist

# What make undeploy uninstalls.
KUSTOMIZATION ?= config/default

# The folders of the Go modules. In one module, ./... does not include another module.
MODULES := api client examples/adapter-dns examples/adapter-job test/charts test/gitops hack/tools/dashboard hack/tools/release .

TOOL := go tool -modfile=$(CURDIR)/hack/tools/go.mod
FUZZTIME ?= 6s

# In-process benchmarks: runs of each, duration of a run, and numbers of clusters.
# 1000000 clusters need up to 12 GB of memory.
BENCH_COUNT ?= 6
BENCH_TIME ?= 0.5s
BENCH_SIZES ?= 1000,10000,100000
# Benchmarks over HTTP: number of clusters, and number of runs.
BENCH_CLUSTERS ?= 1000
BENCH_RUNS ?= 3

##@ General

.PHONY: help
help: ## Show this help
	@awk 'BEGIN { FS = ":.*## "; printf "usage: make <target>\n" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Run

# The data folder of make run, and the flags for the user of all REST requests. If RUN_AS
# is empty, every request needs credentials.
RUN_DIR ?= .local
RUN_AS ?= --insecure-disable-authentication --user=dev@hyperfleet.local

.PHONY: run
run: build ## Run HyperFleet in one process; ARGS="--help" lists the flags
	@$(BIN)/hyperfleet server --data-dir=$(RUN_DIR) --log-file=$(RUN_DIR)/log/server.log $(RUN_AS) $(ARGS)

.PHONY: build
build: ## Build bin/hyperfleet, the static binary of the image, and bin/kubectl, a link to it
	go build -ldflags "$(LDFLAGS)" -o $(BIN)/hyperfleet .
	@ln -sf hyperfleet $(BIN)/kubectl

.PHONY: ldflags
ldflags: ## Print the linker flags that set the version and revision
	@echo "$(LDFLAGS)"

.PHONY: image
image: ## Build the container image IMAGE (hyperfleet:latest) with CONTAINER_TOOL (docker)
	$(CONTAINER_TOOL) build --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) --tag $(IMAGE) .

.PHONY: plugin
plugin: ## Build bin/kubectl-hyperfleet, the kubectl plugin
	go build -ldflags "$(LDFLAGS)" -o bin/kubectl-hyperfleet ./cmd/kubectl-hyperfleet

.PHONY: undeploy
undeploy: ## Uninstall KUSTOMIZATION (config/default) and all its objects from kubectl's cluster
	@hack/undeploy.sh $(KUSTOMIZATION)

.PHONY: install-yaml
install-yaml: controlplane ## Build DIST/install.yaml (dist), all manifests of an install with the image of VERSION
	@mkdir -p $(DIST)
	@hack/install-yaml.sh $(VERSION) $(ASSETS)/kubectl $(DIST)/install.yaml

.PHONY: chart
chart: ## Build DIST/hyperfleet-1.2.3.tgz (dist), the Helm chart of VERSION=v1.2.3
	@mkdir -p $(DIST)
	@hack/chart.sh package $(VERSION) $(DIST)

.PHONY: controlplane
controlplane: ## Build etcd, kube-apiserver and kubectl for the tests from source, unless bin/ contains them
	@hack/controlplane.sh bin/controlplane

.PHONY: release
release: controlplane ## Build the artifacts of the tag VERSION into dist/: binaries, image, SBOMs, install.yaml, chart, notes, checksums
	@hack/release.sh $(VERSION) $(ASSETS)/kubectl

##@ Check

.PHONY: test
test: controlplane ## Verify, then run every test, as CI does
	@$(MAKE) verify
	@$(MAKE) fuzz
	@$(MAKE) test-go

.PHONY: test-go
test-go: controlplane build ## Run every test: concurrent code under the race detector, if there is a C compiler
	@KUBEBUILDER_ASSETS=$(ASSETS) $(TOOL) gotestsum --format pkgname --format-hide-empty-pkg --raw-command -- hack/test.sh $(MODULES)

.PHONY: test-faults
test-faults: controlplane ## Run the fault suite, which kills, freezes and cuts off processes under load; ARGS="-seed 1" repeats a run
	KUBEBUILDER_ASSETS=$(ASSETS) go test -count=1 -timeout 80m -v ./test/faults -args -long $(ARGS)

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (6s)
	@hack/fuzz.sh $(FUZZTIME)

.PHONY: verify
verify: ## Check generated files, format, go vet, golangci-lint and the alert rules
	@hack/verify.sh $(MODULES)
	@$(MAKE) vet lint alerts

.PHONY: vet
vet: ## Run go vet
	for module in $(MODULES); do (cd $$module && go vet ./...); done

.PHONY: lint
lint: bin/golangci-lint ## Run golangci-lint, and kube-api-linter for api/
	for module in $(MODULES); do (cd $$module && $(CURDIR)/bin/golangci-lint run --allow-serial-runners ./...); done

bin/golangci-lint: hack/tools/lint/go.mod hack/tools/lint/go.sum hack/tools/lint/main.go
	@echo "Building golangci-lint and kube-api-linter, once: about 2 minutes on 2 cores"
	@cd hack/tools/lint && go build -o $(CURDIR)/bin/golangci-lint .
	@touch bin/golangci-lint

.PHONY: alerts
alerts: bin/promtool ## Check the alert rules and run their unit tests
	@hack/alerts.sh

bin/promtool: hack/tools/promtool/go.mod hack/tools/promtool/go.sum
	@echo "Building promtool, once: about 2 minutes on 2 cores"
	@cd hack/tools/promtool && go build -tags remove_all_sd -o $(CURDIR)/bin/promtool github.com/prometheus/prometheus/cmd/promtool
	@touch bin/promtool

##@ Measure

.PHONY: bench
bench: ## Run all benchmarks; docs/performance.md explains the results in bin/bench
	@$(MAKE) bench-go
	@$(MAKE) bench-http

.PHONY: bench-go
bench-go: controlplane ## Run the in-process benchmarks BENCH_COUNT (6) times, at BENCH_SIZES clusters
	@KUBEBUILDER_ASSETS=$(ASSETS) test/performance/inprocess.sh $(BENCH_COUNT) $(BENCH_TIME) $(BENCH_SIZES) bin/bench

.PHONY: bench-http
bench-http: build controlplane ## Run the benchmarks over HTTP BENCH_RUNS (3) times, at BENCH_CLUSTERS (1000); ARGS="-help" lists the flags
	@go build -o bin/hyperfleet-bench ./test/performance
	@bin/hyperfleet-bench -assets $(ASSETS) -clusters $(BENCH_CLUSTERS) -runs $(BENCH_RUNS) $(ARGS)

##@ Change

.PHONY: generate
generate: ## Generate deep copies, CRDs, the manager's role, the bounds' levels, the REST API's types, the clients and the chart
	$(TOOL) controller-gen object:headerFile=hack/boilerplate.go.txt crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	$(TOOL) controller-gen rbac:roleName=hyperfleet-manager paths=. paths=./controllers/... paths=./internal/... output:rbac:artifacts:config=config/rbac
	@hack/unroll.sh
	$(TOOL) oapi-codegen -config internal/rest/oapi-codegen.yaml internal/rest/openapi.yaml
	@hack/generate-clients.sh
	@hack/chart.sh generate

.PHONY: dashboard
dashboard: build ## Run a fleet for 5 minutes, and draw its Grafana dashboard as docs/dashboard.svg
	@go build -C hack/tools/dashboard -o $(abspath $(BIN))/dashboard .
	@$(BIN)/dashboard -program=$(BIN)/hyperfleet

.PHONY: fmt
fmt: ## Format all Go code
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

.PHONY: clean
clean: ## Remove everything that was built, including the control plane
	rm -rf bin dist dist.unfinished

.PHONY: clean-data
clean-data: ## Remove the data that make run keeps between runs
	rm -rf .local
