UPDATE learners SET kube_salt = 'salt' WHERE id = 'ada';
