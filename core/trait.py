"""Traits: what an action *is*, in neutral words. A provider's rules map its vendor's actions to these; analysis weighs nothing else."""

from enum import StrEnum


class Trait(StrEnum):
    """One neutral property of a change. The comment says what a rule must see before it may claim it."""

    # exposure and access
    EXPOSES_PUBLICLY = "exposes_publicly"  # reachable or readable by anyone (0.0.0.0/0, AllUsers, public ACL or policy)
    SHARES_OUTSIDE = "shares_outside"  # given to another named account, project or organisation
    OPENS_NETWORK = "opens_network"  # widens what may connect, short of the whole world
    ADMITS_FEW = "admits_few"  # a few addresses more may connect: an office's, one's own
    CLOSES_NETWORK = "closes_network"  # narrows what may connect
    REMOVES_NETWORK_GUARD = "removes_network_guard"  # a policy, firewall, WAF or guard deleted or detached
    RETIRES_NETWORK_GUARD = "retires_network_guard"  # a guard is deleted that the vendor lets go only when nothing uses it any more
    DISMANTLES_NETWORK = "dismantles_network"  # a whole network, or a part that everything in it stands on, is gone
    GRANTS_ACCESS = "grants_access"  # a person or workload gets rights it did not have
    GRANTS_USE = "grants_use"  # use of one resource, or of what a group has, inside: not public, not outside, no admin rights
    GRANTS_ADMIN = "grants_admin"  # the rights are (near) unlimited
    REVOKES_ACCESS = "revokes_access"
    CREATES_IDENTITY = "creates_identity"  # a user, role, service account
    INVITES_OUTSIDE = "invites_outside"  # a new identity that somebody outside may become; its rights are changes of their own
    CREATES_CREDENTIAL = "creates_credential"  # an access key, token, login profile, service account key
    CREATES_KEY_PAIR = "creates_key_pair"  # a key or certificate that opens nothing until something is set up to take it
    CHANGES_CREDENTIAL = "changes_credential"  # someone's password, key or MFA is replaced or reset
    WEAKENS_AUTHENTICATION = "weakens_authentication"  # MFA off, password policy loosened, anonymous access on
    CHANGES_TRUST = "changes_trust"  # who may assume or federate
    READS_SECRET = "reads_secret"  # noqa: S105 - a trait's name, not a secret
    CHANGES_SECRET = "changes_secret"  # noqa: S105
    LEAKED_CREDENTIAL = "leaked_credential"  # somebody found a credential of ours in the open and shut it in
    READS_CREDENTIAL = "reads_credential"  # a password, token or key is fetched (GetPasswordData, TokenRequest)
    # watching and safety nets
    STOPS_LOGGING = "stops_logging"  # audit or flow logs stopped, deleted, redirected or narrowed
    STOPS_DETECTION = "stops_detection"  # a threat detector, alarm or config recorder switched off
    RETIRES_DETECTION = "retires_detection"  # a part of watching is deleted that the vendor lets go only when nothing uses it any more
    STOPS_REACTION = "stops_reaction"  # what events or the clock started no longer starts: an alarm's way, or a job
    DESTROYS_BACKUP = "destroys_backup"  # snapshots, backups, versions, recovery points deleted or retention cut
    WEAKENS_PROTECTION = "weakens_protection"  # deletion protection, encryption, block-public-access, guard rails off
    CHANGES_ENCRYPTION_KEY = "changes_encryption_key"
    DESTROYS_ENCRYPTION_KEY = "destroys_encryption_key"  # disabled, scheduled for deletion
    # data
    DELETES_DATA = "deletes_data"  # a store of data is gone or emptied
    DESTROYS_STORE = "destroys_store"  # a whole database or file system is gone, which the vendor gives back at most from a copy
    EXPORTS_DATA = "exports_data"  # a copy leaves: snapshot shared, image exported, replication to elsewhere
    COPIES_DATA = "copies_data"  # a copy is made into the customer's own storage; public or shared is told by traits of their own
    CLOSES_ACCOUNT = "closes_account"  # an account or project is shut down; the vendor keeps it for a time
    # running things
    EXECUTES_IN_WORKLOAD = "executes_in_workload"  # a shell or command in a running machine or container
    TUNNELS_INTO_WORKLOAD = "tunnels_into_workload"  # a port of a running container, brought to somebody's own machine
    PRIVILEGED_WORKLOAD = "privileged_workload"  # privileged, host namespaces, host mounts, added capabilities
    RUNS_FOREIGN_CODE = "runs_foreign_code"  # user data, function code, start-up script or image changed out of band
    STARTS_COMPUTE = "starts_compute"  # new machines that cost money
    USES_ATTACK_TOOL = "uses_attack_tool"  # done with a program or from a system that is made for attacks
    LEAVES_ORGANISATION = "leaves_organisation"
    # ordinary operations
    SCALES = "scales"
    RESTARTS = "restarts"
    ROLLS_OUT = "rolls_out"  # a new version of a workload
    ROLLS_BACK = "rolls_back"
    ROTATES = "rotates"  # a secret, key or certificate replaced by its machinery
    STOPS_WORKLOAD = "stops_workload"
    STARTS_WORKLOAD = "starts_workload"
    DELETES_RESOURCE = "deletes_resource"
    CHANGES_CONFIGURATION = "changes_configuration"
    CHANGES_DNS = "changes_dns"
    CHANGES_ROUTING = "changes_routing"
    CHANGES_SCHEDULE = "changes_schedule"
    TAGS = "tags"  # only labels, tags or descriptions
    BACKS_UP = "backs_up"  # a snapshot or backup made
    MAINTAINS = "maintains"  # the vendor's own upkeep (patching, leader election, certificate renewal)
