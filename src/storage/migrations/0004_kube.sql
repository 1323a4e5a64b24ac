-- What a learner's address for their own kubectl is made from; another value is another address.
ALTER TABLE learners ADD COLUMN kube_salt TEXT NOT NULL DEFAULT '';
