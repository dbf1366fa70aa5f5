# Everything that a developer or CI runs. make, or make help, lists it.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# The programs of the control plane: built here once, unless KUBEBUILDER_ASSETS
# names a folder that has them.
ASSETS := $(abspath $(or $(KUBEBUILDER_ASSETS),bin/controlplane))

# Where the manager is built, and how its image is.
BIN ?= bin
CONTAINER_TOOL ?= docker
IMAGE ?= hyperfleet:latest

# What make undeploy uninstalls.
KUSTOMIZATION ?= config/default

TOOL := go tool -modfile=hack/tools/go.mod
FUZZTIME ?= 6s
# Where several goroutines share state.
RACE_PACKAGES ?= ./controllers/... ./internal/...

# Of the benchmarks in process: how often each runs, for how long, and at how many
# clusters; 1000000 takes up to 12 GB of memory.
BENCH_COUNT ?= 6
BENCH_TIME ?= 0.5s
BENCH_SIZES ?= 1000,10000,100000
# Of those over HTTP: how many clusters, and how often all is measured.
BENCH_CLUSTERS ?= 1000
BENCH_RUNS ?= 3

##@ General

.PHONY: help
help: ## Show this help
	@awk 'BEGIN { FS = ":.*## "; printf "usage: make <target>\n" } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Run

.PHONY: run
run: build controlplane ## Run HyperFleet on a control plane of its own; ARGS="-help" shows the flags
	@go build -o bin/hyperfleet-local ./hack/local
	@bin/hyperfleet-local -assets $(ASSETS) $(ARGS)

.PHONY: build
build: ## Build bin/hyperfleet-manager, as the image has it: static
	CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN)/hyperfleet-manager .

.PHONY: image
image: ## Build the container image IMAGE (hyperfleet:latest), by CONTAINER_TOOL (docker)
	$(CONTAINER_TOOL) build --build-arg VERSION=$(VERSION) --tag $(IMAGE) .

.PHONY: plugin
plugin: ## Build bin/kubectl-hyperfleet, the kubectl plugin
	go build -ldflags "-X main.version=$(VERSION)" -o bin/kubectl-hyperfleet ./cmd/kubectl-hyperfleet

.PHONY: undeploy
undeploy: ## Uninstall KUSTOMIZATION (config/default) and all its objects from kubectl's cluster
	@hack/undeploy.sh $(KUSTOMIZATION)

.PHONY: controlplane
controlplane: ## Build etcd, kube-apiserver and kubectl from source, where bin/ has them not yet
	@hack/controlplane.sh bin/controlplane

##@ Check

.PHONY: test
test: controlplane ## Verify, then run every test: what CI runs
	@$(MAKE) verify
	@$(MAKE) fuzz
	@if command -v "$$(go env CC)" >/dev/null; then $(MAKE) test-race; \
	else echo "The race detector needs a C compiler, and $$(go env CC) is not here: left it out"; fi
	@$(MAKE) test-go

.PHONY: test-go
test-go: controlplane build ## Run every test once
	KUBEBUILDER_ASSETS=$(ASSETS) $(TOOL) gotestsum --format pkgname --format-hide-empty-pkg -- -p 2 -timeout 20m ./...

.PHONY: test-race
test-race: controlplane ## Run what is concurrent under the race detector
	KUBEBUILDER_ASSETS=$(ASSETS) CGO_ENABLED=1 $(TOOL) gotestsum --format pkgname --format-hide-empty-pkg -- -race -short -p 1 -timeout 20m $(RACE_PACKAGES)

.PHONY: test-faults
test-faults: controlplane ## Kill, freeze, fill and cut off what HyperFleet runs on, while clients use it; ARGS="-seed 1" repeats their choices
	KUBEBUILDER_ASSETS=$(ASSETS) go test -count=1 -timeout 40m -v ./test/faults -args -long $(ARGS)

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (6s)
	@hack/fuzz.sh $(FUZZTIME)

.PHONY: verify
verify: ## Check that what is generated is current, and that format, vet, lint and promtool have no complaint
	@hack/verify.sh
	@$(MAKE) vet lint alerts

.PHONY: vet
vet: ## Run go vet
	go vet ./...

.PHONY: lint
lint: bin/golangci-lint ## Run golangci-lint, with kube-api-linter for api/
	bin/golangci-lint run ./...

bin/golangci-lint: hack/tools/lint/go.mod hack/tools/lint/go.sum hack/tools/lint/main.go
	@echo "Building golangci-lint and kube-api-linter, once: about 2 minutes on 2 cores"
	@cd hack/tools/lint && go build -o $(CURDIR)/bin/golangci-lint .
	@touch bin/golangci-lint

.PHONY: alerts
alerts: bin/promtool ## Check the alert rules, and run their unit tests
	@hack/alerts.sh

bin/promtool: hack/tools/promtool/go.mod hack/tools/promtool/go.sum
	@echo "Building promtool, once: about 2 minutes on 2 cores"
	@cd hack/tools/promtool && go build -tags remove_all_sd -o $(CURDIR)/bin/promtool github.com/prometheus/prometheus/cmd/promtool
	@touch bin/promtool

##@ Measure

.PHONY: bench
bench: ## Run all benchmarks, into bin/bench; docs/performance.md explains
	@$(MAKE) bench-go
	@$(MAKE) bench-http

.PHONY: bench-go
bench-go: controlplane ## Run those in process BENCH_COUNT (6) times, at BENCH_SIZES clusters
	@KUBEBUILDER_ASSETS=$(ASSETS) hack/bench/inprocess.sh $(BENCH_COUNT) $(BENCH_TIME) $(BENCH_SIZES) bin/bench

.PHONY: bench-http
bench-http: build controlplane ## Run those over HTTP BENCH_RUNS (3) times, at BENCH_CLUSTERS (1000); ARGS="-help" shows the flags
	@go build -o bin/hyperfleet-bench ./hack/bench
	@bin/hyperfleet-bench -assets $(ASSETS) -clusters $(BENCH_CLUSTERS) -runs $(BENCH_RUNS) $(ARGS)

##@ Change

.PHONY: generate
generate: ## Generate deep copies, CRDs, the manager's role, and the REST API's types
	$(TOOL) controller-gen object:headerFile=hack/boilerplate.go.txt crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	$(TOOL) controller-gen rbac:roleName=hyperfleet-manager paths=. paths=./controllers/... paths=./internal/... output:rbac:artifacts:config=config/rbac
	$(TOOL) oapi-codegen -config internal/facade/oapi-codegen.yaml internal/facade/openapi.yaml

.PHONY: fmt
fmt: ## Format all Go code
	gofmt -w $$(git ls-files -co --exclude-standard '*.go')

.PHONY: clean
clean: ## Remove what was built, the control plane included
	rm -rf bin

.PHONY: clean-data
clean-data: ## Remove what make run keeps between runs
	rm -rf .local
