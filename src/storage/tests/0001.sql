-- The key is the digest of the word `cookie`.
INSERT INTO learners (id, name, since, return_key) VALUES ('ada', 'Ada', 1790000000000, NULL);
INSERT INTO devices (key, learner, since)
    VALUES ('d7e83e28a04b537e64424546b14caf9b67bad2f28dabce68116e0d372319fa00', 'ada', 1790000000000);
INSERT INTO progress (learner, lesson, step, opened, visited, done, attempts, spent)
    VALUES ('ada', 'first-pod', 'start', 1790000000000, 1790000060000, NULL, 3, 42000);
INSERT INTO files (learner, lesson, name, text) VALUES ('ada', 'first-pod', 'a.yaml', 'kind: Pod');
INSERT INTO sessions (learner, lesson, began, active, variables, orderly)
    VALUES ('ada', 'first-pod', 1790000000000, 1790000060000, '{}', TRUE);
INSERT INTO frames (learner, seq, what) VALUES ('ada', 1, '"clear"'), ('ada', 2, '"clear"');
