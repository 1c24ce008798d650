"""The web process's entry: `gunicorn datagene.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "datagene.settings")
application = get_wsgi_application()
