# The image: one program on the C library and certificates that it needs, no shell, no package manager, nobody's root.
#   docker build -t blobcast .        podman build --format docker -t blobcast .
FROM docker.io/library/rust:1.95-slim-bookworm AS build
ENV CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
WORKDIR /src
# The dependencies are a layer of their own, which a change of ours leaves as it is: they are built for empty crates.
COPY Cargo.toml Cargo.lock ./
COPY crates/domain/Cargo.toml crates/domain/
COPY crates/adapters/Cargo.toml crates/adapters/
COPY crates/server/Cargo.toml crates/server/
RUN mkdir -p crates/domain/src crates/adapters/src crates/server/src crates/server/benches \
 && touch crates/domain/src/lib.rs crates/adapters/src/lib.rs crates/server/src/lib.rs \
 && echo 'fn main() {}' | tee crates/server/benches/content.rs >crates/server/src/main.rs \
 && cargo build --locked --release --package server
COPY crates crates
# Cargo goes by times, and those of a checkout may be older than the empty crates.
RUN find crates -name '*.rs' -exec touch {} + && cargo build --locked --release --package server

FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Blobcast" \
      org.opencontainers.image.description="Files in a bucket become a fast, typed, cached content API" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /src/target/release/blobcast /blobcast
USER 65532:65532
EXPOSE 5000 9090
# Kubernetes has probes of its own and does not run this one.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["/blobcast", "healthcheck"]
ENTRYPOINT ["/blobcast"]
CMD ["serve"]
