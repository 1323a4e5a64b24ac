CREATE TABLE workshops (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    instructor TEXT NOT NULL,
    lessons TEXT NOT NULL,
    language TEXT NOT NULL,
    capacity BIGINT NOT NULL,
    prewarm BIGINT NOT NULL,
    starts BIGINT,
    ends BIGINT,
    sandbox TEXT NOT NULL,
    state TEXT NOT NULL,
    created BIGINT NOT NULL
);
CREATE INDEX workshops_instructor ON workshops (instructor);

CREATE TABLE members (
    workshop TEXT NOT NULL REFERENCES workshops (id) ON DELETE CASCADE,
    learner TEXT NOT NULL REFERENCES learners (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    joined BIGINT NOT NULL,
    hand BIGINT,
    shares BOOLEAN NOT NULL,
    PRIMARY KEY (workshop, learner)
);
CREATE INDEX members_learner ON members (learner);

-- What was done stays when the workshop goes.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    instructor TEXT NOT NULL,
    workshop TEXT,
    action TEXT NOT NULL,
    about TEXT NOT NULL
);
CREATE INDEX audit_workshop ON audit (workshop);
