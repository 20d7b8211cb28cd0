# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Every error of the Enterprise edition, in one tree.

::

    EnterpriseError                  the root                                                    exit 1
    ├── LicenseError                 no licence, or one that does not permit this                exit 9
    │   ├── LicenseMissing           none was given
    │   ├── LicenseMalformed         not a licence: cut, re-encoded, doubled or unknown keys
    │   ├── LicenseForged            no trusted key made this signature
    │   ├── LicenseWrongType         signed, but as another kind of artifact
    │   ├── LicenseWrongProduct      for another product
    │   ├── LicenseWrongCustomer     for another customer or installation
    │   ├── LicenseNotYetValid       its time has not come
    │   ├── LicenseExpired           its time and its grace are over
    │   ├── LicenseRevoked           taken back by the vendor
    │   ├── LicenseClockError        the clock went back further than is tolerated
    │   └── LicenseLimitError        a feature, node or seat it does not include
    ├── AccessError                  the caller may not do this                                  exit 3
    │   ├── NotAuthenticated         no valid key or token
    │   ├── NotPermitted             the caller's roles do not include this
    │   ├── TenantError              no tenant, or a foreign one
    │   └── TooManyAttempts          wrong keys, or requests, too often: wait
    ├── NotAvailable                 this version cannot do that                                 exit 3
    ├── ConflictError                the state is not the one the request was made for           exit 3
    ├── ExecutionRefused             the intent is not carried out: nothing happened             exit 3
    │   ├── IntentInvalid            not a sealed intent, or its id or digest does not recompute
    │   ├── IntentExpired            detected too long ago, or in the future
    │   ├── IntentConflict           its id is known with another digest
    │   ├── NotAttested              the agent that brings it was not attested by people
    │   ├── PolicyMissing            no policy, or one that cannot be read
    │   ├── PolicyRefused            the policy forbids it
    │   ├── Frozen                   a freeze window
    │   ├── RateExceeded             too many of that kind within its time
    │   ├── BlastRadiusExceeded      it would reach more than the policy allows
    │   ├── Stopped                  a stop is in force
    │   ├── TargetUnknown            no target of that name is known
    │   ├── ActionImpossible         the action means nothing there, or would change nothing
    │   ├── OwnedElsewhere           another system owns what would change
    │   ├── NoRollback               it cannot be undone, and nobody may decide that
    │   ├── RehearsalFailed          the dry run did not succeed
    │   ├── TargetMoved              the target is no longer what was planned for
    │   ├── TargetRefused            the target said no
    │   └── FenceLost                another run holds the target now
    ├── ApprovalRefused              the approval does not count                                 exit 3
    │   ├── ApprovalExpired          its time is over
    │   ├── OwnApproval              four eyes: nobody approves their own
    │   ├── ApprovalUsed             it was given before, or is decided
    │   ├── ApprovalStale            what it was asked for has changed
    │   └── ApprovalForged           the callback's signature, time or binding is wrong
    ├── StoreError                   the database cannot do what was asked                       exit 7
    │   ├── StoreUnavailable         it does not answer
    │   │   └── OutcomeUnknown       nor is it known whether the change was committed
    │   ├── SchemaError              its schema is newer, older or altered
    │   └── StoreSetupError          it cannot be started, or is set up unsafely
    ├── IdentityUnavailable          the identity provider does not answer                       exit 7
    ├── DeliveryError                another system does not take what is sent to it             exit 7
    ├── TargetUnavailable            the target does not answer                                  exit 7
    ├── QueueFull                    too much waits already                                      exit 7
    ├── NothingYet                   it was taken, and nothing can be said of it yet             exit 7
    ├── ServerStopping               the server takes nothing new                                exit 7
    ├── AuditError                   the audit log cannot be written or does not verify          exit 2
    ├── SettingError                 a setting that does not exist or has the wrong value        exit 6
    ├── RequestError                 a request that cannot be read                               exit 6
    └── NotFound                     nothing is known under the name that was given              exit 6

Every class has a ``code`` (stable, documented), an ``exit_code``, a ``cause`` and a ``remedy`` in general terms.
No message ever carries a key, token, password or licence, not even a slice of one.
"""

from __future__ import annotations

from typing import ClassVar


class EnterpriseError(Exception):
    """The root of every error that ``arf_enterprise`` raises on purpose."""

    code: ClassVar[str] = "ARF-E-0001"
    exit_code: ClassVar[int] = 1
    cause: ClassVar[str] = "Something went wrong inside ARF Enterprise."
    remedy: ClassVar[str] = "Run the command again with --json and send the output to support."


class LicenseError(EnterpriseError):
    """No licence, or one that does not permit this."""

    code = "ARF-E-9000"
    exit_code = 9
    cause = "What was asked for needs a valid licence."
    remedy = "`arf-enterprise license show` says what the licence permits; sales@arf.example issues one."


class LicenseMissing(LicenseError):
    """None was given."""

    code = "ARF-E-9001"
    cause = "No licence was given."
    remedy = "Set ARF_LICENSE_KEY, or run `arf-enterprise license install FILE`."


class LicenseMalformed(LicenseError):
    """Not a licence."""

    code = "ARF-E-9002"
    cause = "The text is not a licence: it was cut, re-encoded or altered."
    remedy = "Copy the whole key again from the vendor's message: it begins with ARF-ENT- and has one dot."


class LicenseForged(LicenseError):
    """No trusted key made this signature."""

    code = "ARF-E-9003"
    cause = "The signature was made by no key that this build trusts, or not over this text."
    remedy = "Ask the vendor for a new licence. Trusted keys are part of the package and cannot be added."


class LicenseWrongType(LicenseError):
    """Signed, but as another kind of artifact."""

    code = "ARF-E-9004"
    cause = "The signature belongs to an artifact of another kind."
    remedy = "Install the licence file itself, not a policy pack, checkpoint or approval."


class LicenseWrongProduct(LicenseError):
    """For another product."""

    code = "ARF-E-9005"
    cause = "The licence is for another product."
    remedy = "Use the licence that was issued for arf-enterprise."


class LicenseWrongCustomer(LicenseError):
    """For another customer or installation."""

    code = "ARF-E-9006"
    cause = "The licence names another customer than this installation."
    remedy = "Use this customer's licence, or set the right customer with ARF_CUSTOMER."


class LicenseNotYetValid(LicenseError):
    """Its time has not come."""

    code = "ARF-E-9007"
    cause = "The licence is valid from a later time on."
    remedy = "Wait until the time in the message, or check this machine's clock."


class LicenseExpired(LicenseError):
    """Its time and its grace are over."""

    code = "ARF-E-9008"
    cause = "The licence has expired, and so has its grace."
    remedy = "Renew it. Reading, verifying, exporting and a rollback in flight go on without it."


class LicenseRevoked(LicenseError):
    """Taken back by the vendor."""

    code = "ARF-E-9009"
    cause = "The vendor has revoked the licence."
    remedy = "Ask the vendor why, and for another one."


class LicenseClockError(LicenseError):
    """The clock went back further than is tolerated."""

    code = "ARF-E-9010"
    cause = "This machine's clock is earlier than a time that was already seen."
    remedy = "Set the clock right (NTP): executions start again when it shows a later time than was seen."


class LicenseLimitError(LicenseError):
    """A feature, node or seat it does not include."""

    code = "ARF-E-9011"
    cause = "The licence does not include this feature, or as many nodes or seats."
    remedy = "`arf-enterprise license show` lists what it includes; free a node or seat, or extend it."


class AccessError(EnterpriseError):
    """The caller may not do this."""

    code = "ARF-E-3000"
    exit_code = 3
    cause = "The caller may not do this."
    remedy = "Ask an admin for the role that the message names."


class NotAuthenticated(AccessError):
    """No valid key or token."""

    code = "ARF-E-3001"
    cause = "The request carries no key or token, or one that is wrong, expired or revoked."
    remedy = "Send `Authorization: Bearer KEY`. `arf-enterprise keys create` makes one."


class NotPermitted(AccessError):
    """The caller's roles do not include this."""

    code = "ARF-E-3002"
    cause = "The caller is known, and none of its roles permits this."
    remedy = "Ask an admin for the role that the message names."


class TenantError(AccessError):
    """No tenant, or a foreign one."""

    code = "ARF-E-3003"
    cause = "In multi-tenant mode every request names its tenant, and only its own."
    remedy = "Send the header `X-ARF-Tenant` with a tenant that the key belongs to."


class TooManyAttempts(AccessError):
    """Wrong keys too often."""

    code = "ARF-E-3004"
    cause = "Too many wrong keys, refused operations or requests came from here."
    remedy = "Wait for the seconds in `Retry-After`; after wrong keys, use a valid one."

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        """Come back after ``retry_after`` seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class NotAvailable(EnterpriseError):
    """This version cannot do that."""

    code = "ARF-E-4001"
    exit_code = 3
    cause = "What was asked for is not part of this version."
    remedy = "Nothing was done. `get_capabilities()` says what this version can do."


class ConflictError(EnterpriseError):
    """The state is not the one the request was made for."""

    code = "ARF-E-4000"
    exit_code = 3
    cause = "Something changed meanwhile, or the same id is known with other content."
    remedy = "Read the current state and decide again."


class ExecutionRefused(EnterpriseError):
    """The intent is not carried out: nothing happened."""

    code = "ARF-E-4100"
    exit_code = 3
    cause = "The intent is not carried out. Nothing was changed."
    remedy = "The message says why; `arf-enterprise runs show` has every step."


class IntentInvalid(ExecutionRefused):
    """Not a sealed intent, or its id or digest does not recompute."""

    code = "ARF-E-4101"
    cause = "The document is not a sealed intent, or it was altered after it was sealed."
    remedy = "Send what `HealingIntent.to_enterprise_request()` gives, unaltered; `arf verify` names the altered part."


class IntentExpired(ExecutionRefused):
    """Detected too long ago, or in the future."""

    code = "ARF-E-4102"
    cause = "The intent is about a state that is too long past, or its time has not come."
    remedy = "Analyse again and submit the new intent; check the clocks of both machines."


class IntentConflict(ExecutionRefused):
    """Its id is known with another digest."""

    code = "ARF-E-4103"
    cause = "An intent with this id and other content was submitted before."
    remedy = "Submit the intent that was sealed first, or analyse again: a new detection has a new id."


class NotAttested(ExecutionRefused):
    """The agent that brings it was not attested by people."""

    code = "ARF-E-4104"
    cause = "The caller is an agent that no person has attested for this tenant, or its attestation has ended."
    remedy = "`arf-enterprise agents attest` does it; a person may submit the intent instead."


class PolicyMissing(ExecutionRefused):
    """No policy, or one that cannot be read."""

    code = "ARF-E-4110"
    cause = "There is no governance policy in force that can be read, and without one nothing is permitted."
    remedy = "`arf-enterprise policy push FILE`; `arf-enterprise policy lint` says what is wrong with one."


class PolicyRefused(ExecutionRefused):
    """The policy forbids it."""

    code = "ARF-E-4111"
    cause = "A rule of the governance policy forbids this."
    remedy = "`arf-enterprise policy explain` names the rule; its author can change it."


class Frozen(ExecutionRefused):
    """A freeze window."""

    code = "ARF-E-4112"
    cause = "Changes are frozen at this time."
    remedy = "Wait for the time in the message, or ask a policy author."


class RateExceeded(ExecutionRefused):
    """Too many of that kind within its time."""

    code = "ARF-E-4113"
    cause = "As many executions as the policy allows have run within its time."
    remedy = "Wait, or ask a policy author for a higher rate; look why it is needed so often."


class BlastRadiusExceeded(ExecutionRefused):
    """It would reach more than the policy allows."""

    code = "ARF-E-4114"
    cause = "The change would reach more instances, or more that depends on them, than the policy allows."
    remedy = "Do it in smaller steps, or ask a policy author."


class Stopped(ExecutionRefused):
    """A stop is in force."""

    code = "ARF-E-4120"
    cause = "Somebody pressed the stop button for this action, component or tenant, or for all."
    remedy = "`arf-enterprise stop list` says who and why; `arf-enterprise stop lift` ends it."


class TargetUnknown(ExecutionRefused):
    """No target of that name is known."""

    code = "ARF-E-4130"
    cause = "The component is not in the inventory of targets."
    remedy = "Add it with `arf-enterprise targets push FILE`."


class ActionImpossible(ExecutionRefused):
    """The action means nothing there, or would change nothing."""

    code = "ARF-E-4131"
    cause = "The target has no way for this action, or is already as it would be afterwards."
    remedy = "The message says why; `arf-enterprise targets show` lists the ways of a target."


class OwnedElsewhere(ExecutionRefused):
    """Another system owns what would change; ``patch`` is the file to apply at its source."""

    code = "ARF-E-4132"
    cause = "What would change is managed by GitOps, Helm or an autoscaler, and would be undone at its next sync."
    remedy = "Apply the patch file of the run to the source that owns it."

    def __init__(self, message: str, *, patch: str = "") -> None:
        """``patch`` is the text of the file."""
        super().__init__(message)
        self.patch = patch


class NoRollback(ExecutionRefused):
    """It cannot be undone, and nobody may decide that."""

    code = "ARF-E-4133"
    cause = "The change has no inverse, and the policy does not permit irreversible changes."
    remedy = "Give an explicit reason, and ask a policy author to permit it with a higher quorum."


class RehearsalFailed(ExecutionRefused):
    """The dry run did not succeed."""

    code = "ARF-E-4134"
    cause = "The change, or what would undo it, does not pass the target's dry run."
    remedy = "The message has the target's own words."


class TargetMoved(ExecutionRefused):
    """The target is no longer what was planned for."""

    code = "ARF-E-4135"
    cause = "Somebody else changed the target after the change was planned or approved."
    remedy = "Analyse again: the new state needs a new decision."


class TargetRefused(ExecutionRefused):
    """The target said no."""

    code = "ARF-E-4136"
    cause = "The target does not let ARF do this."
    remedy = "Give ARF's credentials the right that the message names, if it should have it."


class FenceLost(ExecutionRefused):
    """Another run holds the target now."""

    code = "ARF-E-4137"
    cause = "This server was away for so long that another one has taken the run over."
    remedy = "Nothing: the other server goes on with it."


class ApprovalRefused(EnterpriseError):
    """The approval does not count."""

    code = "ARF-E-4140"
    exit_code = 3
    cause = "The approval cannot be taken."
    remedy = "`arf-enterprise runs show` says what the run waits for."


class ApprovalExpired(ApprovalRefused):
    """Its time is over."""

    code = "ARF-E-4141"
    cause = "The time for approving is over, and the intent is refused."
    remedy = "Submit a new intent if it is still needed."


class OwnApproval(ApprovalRefused):
    """Four eyes: nobody approves their own."""

    code = "ARF-E-4142"
    cause = "Who submitted an intent cannot approve it, and an agent can approve none."
    remedy = "Ask another person who has the role approver."


class ApprovalUsed(ApprovalRefused):
    """It was given before, or is decided."""

    code = "ARF-E-4143"
    cause = "This approval was used, or the request is decided already."
    remedy = "`arf-enterprise runs show` says how it was decided."


class ApprovalStale(ApprovalRefused):
    """What it was asked for has changed."""

    code = "ARF-E-4144"
    cause = "The approval is for another intent, change, policy or state of the target than the request is about."
    remedy = "Look at the request again and approve what it shows now."


class ApprovalForged(ApprovalRefused):
    """The callback's signature, time or binding is wrong."""

    code = "ARF-E-4145"
    cause = "The callback was not signed by the channel it says it comes from, or too long ago."
    remedy = "Check the channel's signing secret and both clocks."


class TargetUnavailable(EnterpriseError):
    """The target does not answer."""

    code = "ARF-E-7200"
    exit_code = 7
    cause = "The target, or something that tells its health, does not answer."
    remedy = "Check the address and the network; `arf-enterprise targets check` asks each way of a target."


class QueueFull(EnterpriseError):
    """Too much waits already."""

    code = "ARF-E-7201"
    exit_code = 7
    cause = "As many executions wait as this installation takes at once."
    remedy = "Submit it again after the seconds in `Retry-After`: nothing was taken."


class NothingYet(EnterpriseError):
    """It was taken, and nothing can be said of it yet."""

    code = "ARF-E-7202"
    exit_code = 7
    cause = "The intent was taken, and its run waits: for another run on the same target, or for a server."
    remedy = "Ask for the run that the message names, or submit the same intent again: it is the same run."


class StoreError(EnterpriseError):
    """The database cannot do what was asked."""

    code = "ARF-E-7000"
    exit_code = 7
    cause = "The database refused or failed."
    remedy = "`arf-enterprise doctor` names what is wrong and the command that mends it."


class StoreUnavailable(StoreError):
    """It does not answer."""

    code = "ARF-E-7001"
    cause = "The database cannot be reached."
    remedy = "Start it, or check --database-url and the network; nothing was lost, so try again."


class OutcomeUnknown(StoreUnavailable):
    """It does not answer, and it is not known whether the change was committed."""

    code = "ARF-E-7004"
    cause = "The connection was lost while the change was being committed: it is there as a whole, or not at all."
    remedy = "Read the current state before you try again."


class SchemaError(StoreError):
    """The schema is newer, older or altered."""

    code = "ARF-E-7002"
    cause = "The schema of the database is not the one this version works with."
    remedy = "Run `arf-enterprise migrate`; if the schema is newer than the program, install that version."


class StoreSetupError(StoreError):
    """The database cannot be started, or is set up unsafely."""

    code = "ARF-E-7003"
    cause = "The database cannot be started here, or its roles would let the program past its own rules."
    remedy = "Read the message: it names the folder, user or role, and what to change."


class IdentityUnavailable(EnterpriseError):
    """The identity provider does not answer."""

    code = "ARF-E-7010"
    exit_code = 7
    cause = "The identity provider's keys cannot be had, so nobody's token can be checked."
    remedy = "Check the provider and the network to it, and try again; API keys work meanwhile."


class DeliveryError(EnterpriseError):
    """Another system does not take what is sent to it."""

    code = "ARF-E-7100"
    exit_code = 7
    cause = "A receiver of exported records does not answer, rejects them, or has no valid certificate."
    remedy = "Mend the receiver, then export again with --after and the number that the message names."


class ServerStopping(EnterpriseError):
    """The server takes nothing new."""

    code = "ARF-E-7011"
    exit_code = 7
    cause = "The server was told to stop: it finishes what is under way, and takes nothing new."
    remedy = "Send it to another server, or again after the seconds in `Retry-After`. Nothing was done."


class AuditError(EnterpriseError):
    """The audit log cannot be written, or does not verify."""

    code = "ARF-E-2000"
    exit_code = 2
    cause = "The audit log cannot be written, or what is there does not verify."
    remedy = "Stop executions, keep the database as it is, and run `arf-enterprise audit prove`."


class SettingError(EnterpriseError):
    """A setting does not exist or has the wrong value."""

    code = "ARF-E-6000"
    exit_code = 6
    cause = "A setting is unknown or has a value of the wrong kind."
    remedy = "The message names the setting, its value and what is expected."


class RequestError(EnterpriseError):
    """A request cannot be read."""

    code = "ARF-E-6001"
    exit_code = 6
    cause = "A field of the request is missing, unknown or of the wrong type."
    remedy = "The message names the field and the rule; /docs shows an example."


class NotFound(EnterpriseError):
    """Nothing is known under the name that was given."""

    code = "ARF-E-6002"
    exit_code = 6
    cause = "Nothing of that name is there, or it belongs to another tenant."
    remedy = "List what there is; for paths of the API, /docs does."


def every_error() -> tuple[type[EnterpriseError], ...]:
    """Every class of the tree, in the order of their codes."""
    found: list[type[EnterpriseError]] = [EnterpriseError]
    for known in found:
        found.extend(known.__subclasses__())
    return tuple(sorted(found, key=lambda error: error.code))


def kind_of(code: str) -> type[EnterpriseError]:
    """The class that has ``code``; the root, if there is none."""
    return next((error for error in every_error() if error.code == code), EnterpriseError)
