-- The two roles of an external PostgreSQL and the database, made once by its administrator (docs/deploy.md, 'Once'):
--   psql -v owner_password=… -v application_password=… -f deploy/roles.sql postgres
-- For a platform that has run with one role so far: REASSIGN OWNED BY that role TO datagene_owner, then `manage.py migrate`.
CREATE ROLE datagene_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE datagene LOGIN CREATEDB PASSWORD :'application_password';  -- CREATEDB: proving a backup makes a scratch database
CREATE DATABASE datagene OWNER datagene_owner;
