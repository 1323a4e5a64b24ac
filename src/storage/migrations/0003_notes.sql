ALTER TABLE workshops ADD COLUMN hold TEXT NOT NULL DEFAULT 'null';
ALTER TABLE members ADD COLUMN question TEXT NOT NULL DEFAULT '';

-- What an instructor told a learner, or everybody.
CREATE TABLE notes (
    id TEXT PRIMARY KEY,
    workshop TEXT NOT NULL REFERENCES workshops (id) ON DELETE CASCADE,
    learner TEXT REFERENCES learners (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    text TEXT NOT NULL,
    command TEXT NOT NULL
);
CREATE INDEX notes_workshop ON notes (workshop);
