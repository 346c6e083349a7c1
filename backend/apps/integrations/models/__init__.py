"""The tables of integrations."""

from apps.integrations.models.contact import Contact
from apps.integrations.models.conversation import Conversation, Message
from apps.integrations.models.integration import Generation, Integration
from apps.integrations.models.log import ActionLog
from apps.integrations.models.send import Send
from apps.integrations.models.short_lived import ShortLived
from apps.integrations.models.workflow import Workflow, WorkflowRun

__all__ = [
    "ActionLog",
    "Contact",
    "Conversation",
    "Generation",
    "Integration",
    "Message",
    "Send",
    "ShortLived",
    "Workflow",
    "WorkflowRun",
]
