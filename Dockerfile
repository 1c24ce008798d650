# The platform as an image: web, worker and beat are the same image with another command (compose.yaml).
FROM python:3.11-slim-bookworm AS build
WORKDIR /srv
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --requirement requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/datagene datagene \
    && install -d -m 0700 -o datagene /var/backups/datagene
COPY --from=build /venv /venv
WORKDIR /srv
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATAGENE_ENV=production DATAGENE_DATA=/var/lib/datagene STATIC_ROOT=/srv/staticfiles
# Collecting files needs settings, not secrets: development mode in a directory that is thrown away.
RUN DATAGENE_ENV=development DATAGENE_DATA=/tmp/build python manage.py collectstatic --noinput && rm -rf /tmp/build
USER datagene
EXPOSE 8000
CMD ["gunicorn", "datagene.wsgi:application", "-c", "python:datagene.gunicorn", "-b", "0.0.0.0:8000"]
