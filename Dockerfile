# Builds the release binary and puts it on a small Debian with a static busybox. See README.md for how to run it: the
# embedded sandbox needs user namespaces, which Docker's default seccomp filter forbids.
FROM node:20-bookworm-slim AS assets
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY static ./static
COPY tsconfig.json* ./
RUN npm run build

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
COPY --from=assets /src/static ./static
RUN cargo build --release --locked --bin podyard

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends busybox-static ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/podyard /usr/local/bin/podyard
COPY content /usr/local/share/podyard/content
ENV PODYARD_LISTEN=0.0.0.0:8080 PODYARD_CONTENT=/usr/local/share/podyard/content PODYARD_DATA=/var/lib/podyard
VOLUME /var/lib/podyard
EXPOSE 8080
ENTRYPOINT ["podyard"]
CMD ["serve"]
