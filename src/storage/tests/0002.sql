INSERT INTO workshops (id, code, title, instructor, lessons, language, capacity, prewarm, starts, ends, sandbox, state, created)
    VALUES ('w1', 'KX47PMQ', 'Pods', 'instructor', '["first-pod","manifests"]', 'en', 20, 0, NULL, NULL, 'embedded', 'open',
    1790000000000);
INSERT INTO members (workshop, learner, name, joined, hand, shares) VALUES ('w1', 'ada', 'Ada', 1790000000000, NULL, FALSE);
INSERT INTO audit (id, at, instructor, workshop, action, about) VALUES ('1', 1790000000000, 'instructor', 'w1', 'created', '');
