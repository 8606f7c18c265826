# Ledgerline on Airflow's official image. All services of compose.yaml run from this one image.
FROM apache/airflow:3.3.2-python3.12

# FAB gives Airflow users and roles; the version was tested together with the pins of requirements.txt.
ARG FAB_VERSION=3.10.2
ARG SETUPTOOLS_VERSION=84.2.1

# Roots on the path: the DAGs import `include`, as they do in a checkout.
ENV PYTHONPATH=/opt/airflow \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False

# The image's user is `airflow` (uid 50000, group 0) and stays it: pip as root would write where Airflow does not look.
USER airflow
WORKDIR /opt/airflow

# First the pins, which change seldom, so that a change of a DAG does not install everything again. Airflow itself is
# named among them, in the image's own version: no dependency can move it.
COPY --chown=airflow:0 requirements.txt ./
RUN pip install --no-cache-dir --requirement requirements.txt "setuptools==${SETUPTOOLS_VERSION}"
# In a step of its own: what FAB needs older than the pins say, it gets here.
RUN pip install --no-cache-dir "apache-airflow==${AIRFLOW_VERSION}" "apache-airflow-providers-fab==${FAB_VERSION}"

COPY --chown=airflow:0 pyproject.toml README.md LICENSE ./
COPY --chown=airflow:0 plugins ./plugins
COPY --chown=airflow:0 include ./include
COPY --chown=airflow:0 demo ./demo
COPY --chown=airflow:0 simulator ./simulator
COPY --chown=airflow:0 dags ./dags

# Editable: the connection type comes from the entry point, the code from the folders above and from nowhere else.
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . --editable ./simulator \
    && python -m compileall -q dags plugins include \
    # A new volume takes over the owner of the folder that it covers.
    && mkdir simulator-state

# The build fails here rather than a container later: provider registered, command installed, modules importable.
RUN python -c "import qbo_hook.get_provider_info, include.wiring.cli, psycopg, great_expectations" \
    && ledgerline --help > /dev/null \
    && airflow providers list --output plain | grep --quiet ledgerline
