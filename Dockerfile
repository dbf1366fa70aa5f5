# The manager's image: one static binary. make image builds it.
#
# make build needs no network but the Go module proxy ($GOPROXY). The same versions
# of Go and make produce the same binary on any machine.
ARG GO_IMAGE=golang:1.26

FROM ${GO_IMAGE} AS build
ARG GOPROXY
WORKDIR /src
COPY go.mod go.sum ./
COPY api/go.mod api/go.sum api/
COPY client/go.mod client/go.sum client/
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN make build BIN=/out VERSION=${VERSION} GOFLAGS=-trimpath

FROM scratch
COPY --from=build /out/hyperfleet-manager /hyperfleet-manager
USER 65532:65532
ENTRYPOINT ["/hyperfleet-manager"]
