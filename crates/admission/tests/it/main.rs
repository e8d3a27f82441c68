mod pod_security;
