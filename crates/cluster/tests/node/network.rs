//! Services, isolation and names, from inside of Pods.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
};

use podyard_cluster::node::runtime::{
    Process, Runtime, SandboxId,
    network::{Allowed, Direction, Isolation, Names, NetworkRules, Peers, PortRange, Protocol, ServiceRule},
};

use crate::{
    cluster::{TestCluster, ready},
    fixture::Sandbox,
};

const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 96, 7, 7);

fn pod_address(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 244, 0, host)
}

/// A Pod that serves its own name by HTTP on port 8080.
async fn server(sandbox: &Sandbox, name: &str, host: u8) -> (SandboxId, Process) {
    let pod = sandbox.pod(name, host).await;
    let httpd = sandbox.spec(&pod, "httpd", &["httpd", "-f", "-p", "8080", "-h", "/etc"]);
    let process = sandbox.runtime.start_container(httpd).await.unwrap();
    while sandbox.runtime.connect(pod.clone(), SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080)).await.is_err() {}
    (pod, process)
}

fn service(backends: &[u8], sticky: bool) -> NetworkRules {
    let backends = backends.iter().map(|host| SocketAddrV4::new(pod_address(*host), 8080)).collect();
    let at = SocketAddrV4::new(SERVICE, 80);
    NetworkRules {
        services: vec![ServiceRule { protocol: Protocol::Tcp, at, sticky, backends }],
        ..NetworkRules::default()
    }
}

#[tokio::test]
async fn a_service_spreads_connections_over_its_pods_and_keeps_a_client_at_one_when_asked() {
    let sandbox = Sandbox::new();
    let _one = server(&sandbox, "one", 10).await;
    let _two = server(&sandbox, "two", 11).await;
    let client = sandbox.pod("client", 12).await;
    let script = "for i in $(seq 40); do wget -qO- http://10.96.7.7/hostname; done | sort -u | tr '\\n' ' '";
    sandbox.runtime.set_network(service(&[10, 11], false)).await.unwrap();
    assert_eq!(sandbox.sh(&client, "spread", script).await.stdout, "one two ");
    sandbox.runtime.set_network(service(&[10, 11], true)).await.unwrap();
    let sticky = sandbox.sh(&client, "sticky", script).await.stdout;
    assert!(["one ", "two "].contains(&sticky.as_str()), "{sticky:?}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_pod_reaches_itself_through_its_service_and_nobody_when_there_is_none_behind_it() {
    let sandbox = Sandbox::new();
    let (pod, _process) = server(&sandbox, "self", 10).await;
    // Rules may come before the first Pod and after it.
    sandbox.runtime.set_network(service(&[10], false)).await.unwrap();
    let own = sandbox.sh(&pod, "own", "wget -qO- http://10.96.7.7/hostname; ping -c 1 -w 1 10.96.7.7 | tail -1").await;
    assert_eq!(own.stdout, "self\n1 packets transmitted, 0 packets received, 100% packet loss\n", "{own:?}");
    sandbox.runtime.set_network(service(&[], false)).await.unwrap();
    let script = "for at in 10.96.7.7:80 10.96.7.7:81 10.96.200.1:80; do wget -qO- http://$at/ 2>&1; done";
    let refused = sandbox.sh(&pod, "none", script).await.stdout;
    assert_eq!(refused.matches("Connection refused").count(), 3, "{refused}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_port_of_any_node_leads_to_the_pods_of_its_service() {
    let sandbox = Sandbox::new();
    let _server = server(&sandbox, "web", 10).await;
    let client = sandbox.pod("client", 12).await;
    let rule = |node: u8| ServiceRule {
        protocol: Protocol::Tcp,
        at: SocketAddrV4::new(Ipv4Addr::new(172, 18, 0, node), 30080),
        sticky: false,
        backends: vec![SocketAddrV4::new(pod_address(10), 8080)],
    };
    let rules = NetworkRules { services: vec![rule(2), rule(3)], ..NetworkRules::default() };
    sandbox.runtime.set_network(rules).await.unwrap();
    let script = "for at in 172.18.0.2:30080 172.18.0.3:30080; do wget -qO- http://$at/hostname; done; \
                  wget -qO- http://172.18.0.3:81/ 2>&1 | grep -c refused";
    assert_eq!(sandbox.sh(&client, "c", script).await.stdout, "web\nweb\n1\n");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_client_keeps_its_address_on_the_way_through_a_service() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("server", 10).await;
    let spec = sandbox.spec(&pod, "nc", &["nc", "-l", "-p", "8080", "-e", "sh", "-c", "netstat -tn | grep :8080"]);
    let _listening = sandbox.runtime.start_container(spec).await.unwrap();
    sandbox.runtime.set_network(service(&[10], false)).await.unwrap();
    let client = sandbox.pod("client", 12).await;
    let script = "until nc 10.96.7.7 80 < /dev/null > /tmp/seen 2>/dev/null; do :; done; cat /tmp/seen";
    let seen = sandbox.sh(&client, "c", script).await.stdout;
    assert!(seen.contains("10.244.0.12:"), "{seen}");
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn an_isolated_pod_is_reached_by_whom_its_policy_names_on_the_ports_it_names() {
    let sandbox = Sandbox::new();
    let (closed, _process) = server(&sandbox, "closed", 10).await;
    let friend = sandbox.pod("friend", 11).await;
    let stranger = sandbox.pod("stranger", 12).await;
    let ports = Some(vec![PortRange { protocol: Protocol::Tcp, first: 8000, last: 8080 }]);
    let allowed = vec![Allowed { peers: Peers::Addresses(vec![pod_address(11)]), ports }];
    let isolation = Isolation { pods: vec![pod_address(10)], direction: Direction::Ingress, allowed };
    // The stranger is kept away through the Service as well.
    let rules = NetworkRules { isolations: vec![isolation], ..service(&[10], false) };
    sandbox.runtime.set_network(rules).await.unwrap();
    let script = "for at in 10.244.0.10:8080 10.96.7.7:80; do timeout 2 wget -q -O- http://$at/hostname 2>&1; done; \
                  ping -c 1 -w 1 10.244.0.10 > /dev/null && echo pinged";
    assert_eq!(sandbox.sh(&friend, "f", script).await.stdout, "closed\nclosed\n");
    let kept_away = sandbox.sh(&stranger, "s", script).await.stdout;
    assert!(!kept_away.contains("closed") && !kept_away.contains("pinged"), "{kept_away}");
    // Only one direction is closed, and a Pod can't be closed to itself.
    let out = "ping -c 1 -w 5 10.244.0.12 > /dev/null && echo out; wget -qO- http://10.96.7.7/hostname";
    assert_eq!(sandbox.sh(&closed, "o", out).await.stdout, "out\nclosed\n");
    // Without rules everybody is let in again.
    sandbox.runtime.set_network(NetworkRules::default()).await.unwrap();
    assert!(sandbox.sh(&stranger, "t", script).await.stdout.starts_with("closed\n"));
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_pod_that_may_not_speak_can_not_even_ask_for_names() {
    let sandbox = Sandbox::new();
    sandbox.runtime.set_names(Arc::new(OneAddress));
    let _server = server(&sandbox, "server", 10).await;
    let quiet = sandbox.pod("quiet", 11).await;
    let isolation = |allowed| NetworkRules {
        isolations: vec![Isolation { pods: vec![pod_address(11)], direction: Direction::Egress, allowed }],
        ..NetworkRules::default()
    };
    let ask = "timeout 2 wget -q -O- http://10.244.0.10:8080/hostname 2>/dev/null; \
               timeout 2 nslookup server 2>/dev/null | grep Address | tail -1";
    sandbox.runtime.set_network(isolation(vec![])).await.unwrap();
    assert_eq!(sandbox.sh(&quiet, "a", ask).await.stdout, "");
    let network = Peers::Block { network: ([10, 0, 0, 0].into(), 8), except: vec![([10, 244, 0, 10].into(), 32)] };
    sandbox.runtime.set_network(isolation(vec![Allowed { peers: network, ports: None }])).await.unwrap();
    assert_eq!(sandbox.sh(&quiet, "b", ask).await.stdout, "Address: 10.244.0.10\n");
    sandbox.runtime.shutdown().await;
}

/// Every name has the address 10.244.0.10, and no other records.
struct OneAddress;

impl Names for OneAddress {
    fn answer(&self, query: &[u8], _limit: usize) -> Option<Vec<u8>> {
        let asks_for_address = query[query.len() - 4..] == [0, 1, 0, 1];
        let mut answer = query.to_vec();
        answer[2..8].copy_from_slice(&[0x85, 0, 0, 1, 0, u8::from(asks_for_address)]);
        if asks_for_address {
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 244, 0, 10]);
        }
        Some(answer)
    }
}

#[tokio::test]
async fn a_pod_has_routes_to_the_cluster_and_to_nothing_else() {
    let sandbox = Sandbox::new();
    let pod = sandbox.pod("p", 5).await;
    let seen = sandbox.sh(&pod, "c", "ip route; ip -4 -o address show eth0 | grep -o 'inet.*global'").await;
    assert_eq!(
        seen.stdout,
        "10.96.0.0/16 via 10.244.0.1 dev eth0  src 10.244.0.5 \n10.244.0.0/16 via 10.244.0.1 dev eth0  src 10.244.0.5 \n\
         10.244.0.1 dev eth0 scope link  src 10.244.0.5 \n172.18.0.0/28 via 10.244.0.1 dev eth0  src 10.244.0.5 \ninet 10.244.0.5/24 brd 10.244.0.255 scope global\n"
    );
    sandbox.runtime.shutdown().await;
}

#[tokio::test]
async fn a_learner_finds_services_by_name_and_keeps_others_out_by_a_policy() {
    let test = TestCluster::start().await;
    test.create(WEB).await;
    for pod in ["web", "client"] {
        test.pod_when(pod, ready).await;
    }
    let fetch = "until wget -qO- http://web/hostname 2>/dev/null; do :; done; wget -qO- http://web.default.svc.cluster.local/hostname; \
                 env | grep -c ^WEB_SERVICE_HOST=10.96";
    let fetched = test.exec("client", fetch).await;
    assert!(fetched == "web\nweb\n1\n", "{fetched}");
    let address = "nslookup web.all.default.svc.cluster.local | grep -c 'Address: 10.244'";
    assert_eq!(test.exec("client", address).await, "1\n");
    test.create(CLOSED).await;
    let closed = "while timeout 1 wget -qO- http://web/hostname > /dev/null 2>&1; do :; done; echo closed";
    assert_eq!(test.exec("client", closed).await, "closed\n");
    test.cluster.shutdown().await;
}

const WEB: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: all}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  hostname: web
  subdomain: all
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: busybox
    command: [httpd, -f, -p, '8080', -h, /etc]
    ports: [{name: http, containerPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: busybox, command: [sleep, '10000']}]}
";

const CLOSED: &str = "
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
";
