-- Texts, BIGINT milliseconds and JSON in TEXT: what SQLite and PostgreSQL both read.
CREATE TABLE learners (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    since BIGINT NOT NULL,
    return_key TEXT UNIQUE
);

CREATE TABLE devices (
    key TEXT PRIMARY KEY,
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    since BIGINT NOT NULL
);
CREATE INDEX devices_learner ON devices (learner);

CREATE TABLE progress (
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    lesson TEXT NOT NULL,
    step TEXT NOT NULL,
    opened BIGINT NOT NULL,
    visited BIGINT NOT NULL,
    done BIGINT,
    attempts BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    PRIMARY KEY (learner, lesson, step)
);

CREATE TABLE files (
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    lesson TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT,
    PRIMARY KEY (learner, lesson, name)
);

CREATE TABLE sessions (
    learner TEXT PRIMARY KEY REFERENCES learners (id) ON DELETE CASCADE,
    lesson TEXT NOT NULL,
    began BIGINT NOT NULL,
    active BIGINT NOT NULL,
    variables TEXT NOT NULL,
    orderly BOOLEAN NOT NULL
);

CREATE TABLE frames (
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    what TEXT NOT NULL,
    PRIMARY KEY (learner, seq)
);
