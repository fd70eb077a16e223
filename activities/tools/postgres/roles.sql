-- The three logins of an executor on one Postgres database, each able to do one thing and a member of nothing else's.
-- Run as a superuser in the database itself; running it again changes nothing. Passwords are set apart from this file:
--   ALTER ROLE holdpoint_monitor LOGIN PASSWORD '...';   and the same for holdpoint_query and holdpoint_act.
-- Grant the query login each table it may read, by name:
--   GRANT SELECT ON public.payments TO holdpoint_query;
-- Then run roles-strict.sql, which takes from PUBLIC what a READ ONLY SELECT of the query login could still call.

DO $$
DECLARE
  login text;
BEGIN
  FOREACH login IN ARRAY ARRAY['holdpoint_monitor', 'holdpoint_query', 'holdpoint_act'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
      EXECUTE format('CREATE ROLE %I', login);
    END IF;
    EXECUTE format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 20', login);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), login);
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', login, '10s');
    EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', login, '2s');
  END LOOP;
END
$$;

-- Statistics of every session, and no table. It may end sessions of its own login (Postgres lets every role do that), so
-- nothing else may ever use this login.
GRANT pg_read_all_stats TO holdpoint_monitor;
ALTER ROLE holdpoint_monitor SET default_transaction_read_only = on;
ALTER ROLE holdpoint_monitor SET statement_timeout = '15s';

-- The read-only query: a member of nothing, so that it sees only its own sessions and the tables granted by name.
ALTER ROLE holdpoint_query SET default_transaction_read_only = on;
ALTER ROLE holdpoint_query SET statement_timeout = '5s';
ALTER ROLE holdpoint_query SET temp_file_limit = '256MB';
ALTER ROLE holdpoint_query SET search_path = pg_catalog, public;

-- Writes: it may see every session and signal those of roles that are not superusers. It reads no table.
GRANT pg_read_all_stats, pg_signal_backend TO holdpoint_act;
ALTER ROLE holdpoint_act SET default_transaction_read_only = on;
ALTER ROLE holdpoint_act SET statement_timeout = '10s';
