FROM python:3.12 AS build
COPY . /source
RUN pip wheel --no-deps --wheel-dir /wheels /source
FROM python:3.12-slim
COPY --from=build /source/constraints.txt /wheels/ /wheels/
RUN pip install --no-cache-dir -c /wheels/constraints.txt /wheels/*.whl && useradd --create-home bench
USER bench
WORKDIR /home/bench
ENTRYPOINT ["lossbench"]
