# The server in an image that holds nothing else but the C library and the public certificate authorities. Nobody in it is root.
#
#   docker build --build-arg BUILD_REVISION="$(git rev-parse --short=12 HEAD)" --tag healthcheck-server .
#
# Its configuration is mounted at /etc/seesaw, its socket is in the volume /var/run/seesaw.
#
# The tags below get security fixes of the distributions. Where a build must be repeatable, name the images by digest:
# --build-arg BUILD_IMAGE=oven/bun@sha256:… --build-arg BASE_IMAGE=gcr.io/distroless/base-debian12@sha256:…

ARG BUILD_IMAGE=oven/bun:1.4.5-debian
ARG BASE_IMAGE=gcr.io/distroless/base-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
# Dependencies first: they change less often than the sources.
COPY package.json bun.lock bunfig.toml ./
COPY scripts/setup scripts/setup
RUN bash scripts/setup
COPY . .
# The sources come without git, which would know it.
ARG BUILD_REVISION=unknown
RUN BUILD_REVISION="${BUILD_REVISION}" scripts/build && scripts/release --notices dist/notices && mkdir /seesaw

FROM ${BASE_IMAGE}
ARG BUILD_REVISION=unknown
ARG VERSION=0.1.0
ARG SOURCE=""
LABEL org.opencontainers.image.title="healthcheck-server" \
      org.opencontainers.image.description="The health checker of the Seesaw load balancer" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${BUILD_REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=build /src/dist/healthcheck-server /usr/local/bin/healthcheck-server
COPY --from=build --chown=65532:65532 /seesaw /var/run/seesaw
COPY examples/container/healthcheck-server.yaml /etc/seesaw/healthcheck-server.yaml
COPY LICENSE /usr/share/doc/healthcheck-server/LICENSE
# The licenses of everything inside, and the bill of materials.
COPY --from=build /src/dist/notices /usr/share/doc/healthcheck-server
USER 65532:65532
WORKDIR /
VOLUME ["/var/run/seesaw"]
STOPSIGNAL SIGTERM
# It asks the server over HTTP, where the mounted configuration says: without `metrics.enabled: true` the container is called unhealthy.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/usr/local/bin/healthcheck-server", "status", "--timeout", "3s"]
ENTRYPOINT ["/usr/local/bin/healthcheck-server"]
# With an invalid file it ends: on the defaults it would open the default socket with the default mode, which the file may forbid.
CMD ["run", "--strict-config"]
