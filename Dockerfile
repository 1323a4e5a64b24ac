# Builds the release binary and puts it on a small Debian. docker-compose.yml and deploy/ run it.
#   docker build --build-arg REVISION="$(git rev-parse HEAD)" --sbom=true --provenance=true -t podyard .
FROM node:20-bookworm-slim AS assets
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY static ./static
RUN npm run build

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
COPY --from=assets /src/static ./static
RUN cargo build --release --locked --bin podyard

# kind is in Debian unstable alone; it needs nothing of it but the C library, which Debian 13 has.
FROM debian:sid-slim AS kind
RUN apt-get update && apt-get install -y --no-install-recommends kind

FROM debian:trixie-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Podyard" \
      org.opencontainers.image.description="A web server on which people learn Kubernetes Pods by doing" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="debian:trixie-slim"
RUN apt-get update \
    && apt-get install -y --no-install-recommends busybox-static ca-certificates docker-cli \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --home-dir /var/lib/podyard --create-home --shell /usr/sbin/nologin podyard
COPY --from=kind /usr/bin/kind /usr/local/bin/kind
COPY --from=build /src/target/release/podyard /usr/local/bin/podyard
COPY content /usr/local/share/podyard/content
ENV PODYARD_LISTEN=0.0.0.0:8080 PODYARD_CONTENT=/usr/local/share/podyard/content PODYARD_DATA=/var/lib/podyard
VOLUME /var/lib/podyard
EXPOSE 8080
# An ordinary user, as --sandbox kubernetes needs no more; the other two say in docker-compose.yml what they need.
USER podyard
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["/bin/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["podyard"]
CMD ["serve"]
