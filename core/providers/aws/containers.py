"""What a task or job definition asks of the machine that its containers run on."""

from core.kube.workloads import ALLOWED_CAPABILITIES, SENSITIVE_PATHS
from core.providers.aws.subject import Subject, find, texts


def asks_for_credentials(subject: Subject) -> bool:
    """A command that calls the address at which a container gets its role's credentials."""
    return any("169.254.170.2" in one or "AWS_CONTAINER_CREDENTIALS" in one for one in texts(subject.after, "command", "entryPoint"))


def host_rights(subject: Subject) -> bool:
    """Privileged, in the machine's process or memory namespace, with its own files mounted, or with added capabilities.

    As ECS.3 and ECS.4 of https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html; what counts of files and
    capabilities is what counts in a cluster.
    """
    privileged = any(found is True for found in find(subject.after, "privileged"))
    shared = "host" in texts(subject.after, "pidMode", "ipcMode")
    mounted = any(SENSITIVE_PATHS.match("/" + path.strip("/")) for path in texts(subject.after, "sourcePath"))
    added = {name.upper() for asked in find(subject.after, "capabilities") for name in texts(asked, "add")}
    return privileged or shared or mounted or bool(added - ALLOWED_CAPABILITIES)
