# The image of Ponte. One image serves every process; compose.yaml starts them.
#
# BASE is any Linux image with Python 3.11 or newer and its venv module. Nothing is compiled: every requirement is a wheel.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /opt/ponte
COPY requirements.txt ./
# The environment gets no pip of its own: another pip, which stays in this stage, fills it.
RUN python3 -m venv --without-pip .venv && python3 -m venv /pip && \
    /pip/bin/pip --python .venv/bin/python install --no-cache-dir --no-compile --only-binary :all: \
        --require-hashes --requirement requirements.txt && \
    find .venv -name "*.po" -delete
COPY backend backend
COPY ops/container ops/container
COPY Procfile ./
# The containers' file systems are read-only, so Python cannot compile at run time.
RUN .venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash .venv/lib backend

FROM ${BASE}
WORKDIR /opt/ponte
# Root owns the files, and the processes run as a user who owns none of them.
COPY --from=build /opt/ponte /opt/ponte
ENV PATH=/opt/ponte/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8000
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["/opt/ponte/ops/container/ponte"]
CMD ["web"]
