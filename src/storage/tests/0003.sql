INSERT INTO notes (id, workshop, learner, at, text, command) VALUES ('1', 'w1', 'ada', 1790000000000, 'Look at line 3.', '');
