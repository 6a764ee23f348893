"""The kinds of objects that WGO knows by name: how the API spells them, and which are read by default."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind as the API offers it. `versions` are tried in this order; `custom` is found by asking its group."""

    name: str
    plural: str
    group: str = ""
    versions: tuple[str, ...] = ("v1",)
    namespaced: bool = True
    custom: bool = False

    @property
    def key(self) -> str:
        """deployments.apps; pods for the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, version: str, namespace: str = "") -> str:
        base = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        return f"{base}/namespaces/{namespace}/{self.plural}" if namespace and self.namespaced else f"{base}/{self.plural}"


_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"

# In the order in which a poll's changes are taken: what causes comes before what follows.
DEFAULT_KINDS = (
    Kind(name="Namespace", plural="namespaces", namespaced=False),
    Kind(name="CustomResourceDefinition", plural="customresourcedefinitions", group="apiextensions.k8s.io", namespaced=False),
    Kind(name="Node", plural="nodes", namespaced=False),
    Kind(name="StorageClass", plural="storageclasses", group="storage.k8s.io", namespaced=False),
    Kind(name="PersistentVolume", plural="persistentvolumes", namespaced=False),
    Kind(name="ClusterRole", plural="clusterroles", group=_RBAC, namespaced=False),
    Kind(name="ClusterRoleBinding", plural="clusterrolebindings", group=_RBAC, namespaced=False),
    Kind(name="MutatingWebhookConfiguration", plural="mutatingwebhookconfigurations", group=_ADMISSION, namespaced=False),
    Kind(name="ValidatingWebhookConfiguration", plural="validatingwebhookconfigurations", group=_ADMISSION, namespaced=False),
    Kind(name="ServiceAccount", plural="serviceaccounts"),
    Kind(name="Role", plural="roles", group=_RBAC),
    Kind(name="RoleBinding", plural="rolebindings", group=_RBAC),
    Kind(name="ConfigMap", plural="configmaps"),
    Kind(name="Secret", plural="secrets"),
    Kind(name="PersistentVolumeClaim", plural="persistentvolumeclaims"),
    Kind(name="ResourceQuota", plural="resourcequotas"),
    Kind(name="PodDisruptionBudget", plural="poddisruptionbudgets", group="policy", versions=("v1", "v1beta1")),
    Kind(name="NetworkPolicy", plural="networkpolicies", group="networking.k8s.io"),
    Kind(name="Service", plural="services"),
    Kind(name="Ingress", plural="ingresses", group="networking.k8s.io", versions=("v1", "v1beta1")),
    Kind(name="HorizontalPodAutoscaler", plural="horizontalpodautoscalers", group="autoscaling", versions=("v2", "v2beta2", "v1")),
    Kind(name="Deployment", plural="deployments", group="apps"),
    Kind(name="StatefulSet", plural="statefulsets", group="apps"),
    Kind(name="DaemonSet", plural="daemonsets", group="apps"),
    Kind(name="CronJob", plural="cronjobs", group="batch", versions=("v1", "v1beta1")),
    Kind(name="Job", plural="jobs", group="batch"),
    Kind(name="ReplicaSet", plural="replicasets", group="apps"),
    Kind(name="Pod", plural="pods"),
)
EVENTS = Kind(name="Event", plural="events")
_MORE = {
    "endpoints": "Endpoints", "endpointslices": "EndpointSlice", "limitranges": "LimitRange", "podtemplates": "PodTemplate",
    "replicationcontrollers": "ReplicationController", "bindings": "Binding", "events": "Event", "leases": "Lease",
    "certificatesigningrequests": "CertificateSigningRequest", "podsecuritypolicies": "PodSecurityPolicy",
    "priorityclasses": "PriorityClass", "runtimeclasses": "RuntimeClass", "ingressclasses": "IngressClass",
    "controllerrevisions": "ControllerRevision", "csidrivers": "CSIDriver", "csinodes": "CSINode", "volumeattachments": "VolumeAttachment",
    "csistoragecapacities": "CSIStorageCapacity", "apiservices": "APIService", "flowschemas": "FlowSchema",
    "prioritylevelconfigurations": "PriorityLevelConfiguration", "volumesnapshots": "VolumeSnapshot",
    "volumesnapshotcontents": "VolumeSnapshotContent", "volumesnapshotclasses": "VolumeSnapshotClass",
    "validatingadmissionpolicies": "ValidatingAdmissionPolicy", "validatingadmissionpolicybindings": "ValidatingAdmissionPolicyBinding",
    "securitycontextconstraints": "SecurityContextConstraints", "tokenreviews": "TokenReview", "helmreleases": "HelmRelease",
    "ciliumnetworkpolicies": "CiliumNetworkPolicy", "prometheusrules": "PrometheusRule", "servicemonitors": "ServiceMonitor",
    "scaledobjects": "ScaledObject", "externalsecrets": "ExternalSecret", "sealedsecrets": "SealedSecret", "rollouts": "Rollout",
    "machinedeployments": "MachineDeployment", "nodeclaims": "NodeClaim", "nodepools": "NodePool", "auditsinks": "AuditSink",
    "constrainttemplates": "ConstraintTemplate", "clusterpolicies": "ClusterPolicy", "authorizationpolicies": "AuthorizationPolicy",
    "policyexceptions": "PolicyException", "ciliumclusterwidenetworkpolicies": "CiliumClusterwideNetworkPolicy",
    "globalnetworkpolicies": "GlobalNetworkPolicy", "volumegroupsnapshots": "VolumeGroupSnapshot", "backupschedules": "BackupSchedule",
    "backupstoragelocations": "BackupStorageLocation", "scheduledbackups": "ScheduledBackup",
    "alertmanagerconfigs": "AlertmanagerConfig", "verticalpodautoscalers": "VerticalPodAutoscaler", "cronworkflows": "CronWorkflow",
    "kafkaclusters": "KafkaCluster", "helmcharts": "HelmChart",
    "oauths": "OAuth", "apiservers": "APIServer", "machineconfigs": "MachineConfig", "iampolicies": "IAMPolicy",
    "iampartialpolicies": "IAMPartialPolicy", "iampolicymembers": "IAMPolicyMember", "gitrepositories": "GitRepository",
    "ocirepositories": "OCIRepository", "peerauthentications": "PeerAuthentication", "helmrepositories": "HelmRepository",
    "adminnetworkpolicies": "AdminNetworkPolicy", "baselineadminnetworkpolicies": "BaselineAdminNetworkPolicy",
    "clusternetworkpolicies": "ClusterNetworkPolicy", "requestauthentications": "RequestAuthentication",
    "mutatingadmissionpolicies": "MutatingAdmissionPolicy", "mutatingadmissionpolicybindings": "MutatingAdmissionPolicyBinding",
    "tracingpolicies": "TracingPolicy", "tracingpoliciesnamespaced": "TracingPolicyNamespaced", "kubearmorpolicies": "KubeArmorPolicy",
    "kubearmorhostpolicies": "KubeArmorHostPolicy", "kubearmorclusterpolicies": "KubeArmorClusterPolicy",
    "seccompprofiles": "SeccompProfile", "selinuxprofiles": "SelinuxProfile", "apparmorprofiles": "AppArmorProfile",
    "clusterlogforwarders": "ClusterLogForwarder", "clustertrustbundles": "ClusterTrustBundle", "appprojects": "AppProject",
    "deletebackuprequests": "DeleteBackupRequest", "globalrolebindings": "GlobalRoleBinding",
    "clusterroletemplatebindings": "ClusterRoleTemplateBinding",
    "virtualservices": "VirtualService", "destinationrules": "DestinationRule", "httproutes": "HTTPRoute",
}  # fmt: skip
_BY_PLURAL = {**_MORE, **{kind.plural: kind.name for kind in DEFAULT_KINDS}}
# Their lifecycles are their owner's: only direct acts on them are changes.
FOLLOWERS = frozenset({"Pod", "ReplicaSet"})


def kind_of(plural: str) -> str:
    """The kind's name of a resource as paths spell it. A guess from English plurals where it is not known."""
    known = _BY_PLURAL.get(plural)
    if known or not plural:
        return known or "Object"
    sibilant = r"(?<=ss)es$|(?<=sh)es$|(?<=ch)es$|(?<=[xz])es$|s$"
    singular = plural[:-3] + "y" if plural.endswith("ies") else re.sub(sibilant, "", plural)
    return singular[:1].upper() + singular[1:]


_BUILT_IN = frozenset(kind.name for kind in DEFAULT_KINDS)


def full_kind(kind: str, group: str) -> str:
    """The kind as people tell it from others: Knative's Service is `Service.serving.knative.dev`, as kubectl spells it."""
    foreign = "." in group and not group.endswith(".k8s.io")
    return f"{kind}.{group}" if foreign and kind in _BUILT_IN else kind
