# The manager's image: a static program and nothing else. make image builds it.
#
# It is built by make build, which needs no network but the Go module proxy
# ($GOPROXY), and the same go and make anywhere else give the same program.
ARG GO_IMAGE=golang:1.26

FROM ${GO_IMAGE} AS build
ARG GOPROXY
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN make build BIN=/out VERSION=${VERSION} GOFLAGS=-trimpath

FROM scratch
COPY --from=build /out/hyperfleet-manager /hyperfleet-manager
USER 65532:65532
ENTRYPOINT ["/hyperfleet-manager"]
