# The image contains one static binary. It runs the server by default; other commands run
# everything else. make image builds the image, and compose.yaml runs it.
#
# make build needs no network except the Go module proxy ($GOPROXY). The same versions
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
ARG REVISION=unknown
RUN make build BIN=/out VERSION=${VERSION} REVISION=${REVISION} GOFLAGS=-trimpath
RUN mkdir /data

# make release builds the same image without a container tool: hack/tools/release.
FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="HyperFleet" \
      org.opencontainers.image.description="The API of a fleet of managed Kubernetes clusters" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/hyperfleet-io/hyperfleet" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/hyperfleet /hyperfleet
COPY --from=build --chown=65532:65532 /data /var/lib/hyperfleet
USER 65532:65532
VOLUME /var/lib/hyperfleet
ENV HOME=/var/lib/hyperfleet KUBECONFIG=/var/lib/hyperfleet/kubeconfig
ENTRYPOINT ["/hyperfleet"]
CMD ["server", "--kubernetes-bind-address=0.0.0.0:6443", "--facade-bind-address=:8000"]
