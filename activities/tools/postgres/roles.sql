-- What an executor's logins may do on one Postgres database, and how the broker has them made. Postgres 16 or newer. Run as a
-- superuser in the database itself; running it again changes nothing. Nothing here has a password but the broker's login, and it is
-- set apart from this file:
--   ALTER ROLE holdpoint_broker LOGIN PASSWORD '...';
-- Grant the query group each table it may read, by name:
--   GRANT SELECT ON public.payments TO holdpoint_query;
-- Then run roles-strict.sql, which takes from PUBLIC what a READ ONLY SELECT could still call.

-- Groups: nobody signs in as one. A login that is made is a member of exactly one of them, for minutes, and takes over its settings.
DO $$
DECLARE
  access text;
BEGIN
  FOREACH access IN ARRAY ARRAY['holdpoint_monitor', 'holdpoint_query', 'holdpoint_cancel', 'holdpoint_terminate'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = access) THEN
      EXECUTE format('CREATE ROLE %I', access);
    END IF;
    EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', access);
    EXECUTE format('ALTER ROLE %I RESET ALL', access);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), access);
    EXECUTE format('ALTER ROLE %I SET default_transaction_read_only = on', access);
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', access, '10s');
    EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', access, '2s');
  END LOOP;
END
$$;

-- Statistics of every session, and no table.
GRANT pg_read_all_stats TO holdpoint_monitor;
ALTER ROLE holdpoint_monitor SET statement_timeout = '15s';

-- The read-only query: a member of nothing, so that it sees only its own sessions and the tables granted by name.
ALTER ROLE holdpoint_query SET statement_timeout = '5s';
ALTER ROLE holdpoint_query SET temp_file_limit = '256MB';

-- Writes: each may see every session and signal those of roles that are not superusers; which signal, roles-strict.sql says. No table.
GRANT pg_read_all_stats, pg_signal_backend TO holdpoint_cancel, holdpoint_terminate;
ALTER ROLE holdpoint_cancel SET statement_timeout = '10s';
ALTER ROLE holdpoint_terminate SET statement_timeout = '10s';

-- Who makes logins. holdpoint_minter owns the functions below, is signed in as by nobody, and may pass on membership of the four
-- groups without having any of it. holdpoint_broker is the login of the broker: it may call these functions, and nothing else.
DO $$
DECLARE
  ours text;
BEGIN
  FOREACH ours IN ARRAY ARRAY['holdpoint_minter', 'holdpoint_broker'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ours) THEN
      EXECUTE format('CREATE ROLE %I', ours);
    END IF;
  END LOOP;
  -- The standing login of an earlier version.
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'holdpoint_act') THEN
    ALTER ROLE holdpoint_act NOLOGIN PASSWORD NULL;
    REVOKE pg_read_all_stats, pg_signal_backend FROM holdpoint_act;
  END IF;
END
$$;
ALTER ROLE holdpoint_minter NOLOGIN NOSUPERUSER NOCREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE holdpoint_broker NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 20;
GRANT holdpoint_monitor, holdpoint_query, holdpoint_cancel, holdpoint_terminate TO holdpoint_minter
  WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
GRANT SET ON PARAMETER temp_file_limit TO holdpoint_minter;
DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO holdpoint_broker', current_database()); END $$;

CREATE SCHEMA IF NOT EXISTS holdpoint;
REVOKE ALL ON SCHEMA holdpoint FROM PUBLIC;
GRANT USAGE ON SCHEMA holdpoint TO holdpoint_minter, holdpoint_broker;

-- Both the name and the comment: a role that somebody else made is left alone.
CREATE OR REPLACE FUNCTION holdpoint.issued() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.rolname::text FROM pg_roles AS r
  WHERE r.rolname ~ '^holdpoint_c_[0-9a-f]{24}$' AND shobj_description(r.oid, 'pg_authid') LIKE 'holdpoint credential: %'
$$;

-- A login of its own for each call, good for at most ten minutes by the clock of this server. VALID UNTIL is asked only when somebody
-- signs in by password; sessions are ended by holdpoint.remove. It takes a SCRAM verifier: the password is in no statement.
CREATE OR REPLACE FUNCTION holdpoint.mint(login text, verifier text, access text, seconds integer, note text)
RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  until timestamptz := clock_timestamp() + make_interval(secs => seconds);
  setting text;
BEGIN
  IF coalesce(login !~ '^holdpoint_c_[0-9a-f]{24}$' OR verifier !~ '^SCRAM-SHA-256\$4096:[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}$'
      OR access NOT IN ('monitor', 'query', 'cancel', 'terminate') OR seconds NOT BETWEEN 1 AND 600, true) THEN
    RAISE EXCEPTION 'holdpoint.mint: refused' USING ERRCODE = 'insufficient_privilege';
  END IF;
  EXECUTE format('CREATE ROLE %I LOGIN INHERIT CONNECTION LIMIT %s PASSWORD %L VALID UNTIL %L',
    login, CASE WHEN access IN ('cancel', 'terminate') THEN 1 ELSE 20 END, verifier, until);
  EXECUTE format('COMMENT ON ROLE %I IS %L', login, 'holdpoint credential: ' || left(note, 400));
  FOR setting IN
    SELECT unnest(s.setconfig) FROM pg_db_role_setting AS s JOIN pg_roles AS r ON r.oid = s.setrole
    WHERE r.rolname = 'holdpoint_' || access AND s.setdatabase = 0
  LOOP
    EXECUTE format('ALTER ROLE %I SET %I = %L', login, split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1));
  END LOOP;
  EXECUTE format('GRANT %I TO %I WITH INHERIT TRUE, SET FALSE', 'holdpoint_' || access, login);
  RETURN until;
END
$$;

-- First step of a withdrawal, a transaction of its own: once it has committed nobody signs in by it, and open sessions have no powers.
CREATE OR REPLACE FUNCTION holdpoint.close(login text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  access text;
BEGIN
  IF NOT EXISTS (SELECT FROM holdpoint.issued() AS ours WHERE ours = login) THEN RETURN false; END IF;
  EXECUTE format('ALTER ROLE %I NOLOGIN', login);
  FOR access IN
    SELECT g.rolname FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid JOIN pg_roles AS l ON l.oid = m.member
    WHERE l.rolname = login
  LOOP
    EXECUTE format('REVOKE %I FROM %I', access, login);
  END LOOP;
  RETURN true;
END
$$;

-- Second step: its sessions are ended, and it is dropped. Answers how many there were. A session that had signed in and was not yet to
-- be seen is left with a role that no longer exists, a member of nothing.
CREATE OR REPLACE FUNCTION holdpoint.remove(login text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session integer;
  ended integer := 0;
BEGIN
  IF NOT EXISTS (SELECT FROM holdpoint.issued() AS ours WHERE ours = login) THEN RETURN 0; END IF;
  EXECUTE format('GRANT %I TO holdpoint_minter WITH INHERIT TRUE, SET FALSE', login);
  FOR session IN SELECT a.pid FROM pg_stat_activity AS a WHERE a.usename = login LOOP
    PERFORM pg_terminate_backend(session, 1000);
    ended := ended + 1;
  END LOOP;
  EXECUTE format('DROP OWNED BY %I', login);
  EXECUTE format('DROP ROLE %I', login);
  RETURN ended;
END
$$;

ALTER FUNCTION holdpoint.issued() OWNER TO holdpoint_minter;
ALTER FUNCTION holdpoint.mint(text, text, text, integer, text) OWNER TO holdpoint_minter;
ALTER FUNCTION holdpoint.close(text) OWNER TO holdpoint_minter;
ALTER FUNCTION holdpoint.remove(text) OWNER TO holdpoint_minter;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA holdpoint FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA holdpoint TO holdpoint_broker;
