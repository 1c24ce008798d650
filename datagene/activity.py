"""The audit trail in words: what a verb means, for the timeline and the audit page."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from core import job_kinds
from core.models import AuditEntry
from core.texts import Text, in_language

# Past tense, followed by the object's name. A verb that is not here shows as its code on the audit page only.
SENTENCES: dict[str, Text] = {
    "job.create": _("启动了任务"),
    "job.cancel": _("取消了任务"),
    "assets.source.register": _("登记了数据源"),
    "assets.source.update": _("修改了数据源"),
    "assets.source.disable": _("停用了数据源"),
    "assets.source.enable": _("启用了数据源"),
    "assets.source.remove": _("移除了数据源"),
    "assets.system.create": _("登记了信息系统"),
    "assets.system.update": _("修改了信息系统"),
    "assets.system.delete": _("删除了信息系统"),
    "assets.table.annotate": _("补充了说明"),
    "assets.column.annotate": _("补充了字段说明"),
    "assets.census.confirm": _("确认了盘点结果"),
    "assets.census.reject": _("退回了盘点结果"),
    "quality.rule.create": _("新建了质量规则"),
    "quality.rule.update": _("修改了质量规则"),
    "quality.rule.enable": _("启用了质量规则"),
    "quality.rule.disable": _("停用了质量规则"),
    "quality.rule.delete": _("删除了质量规则"),
    "quality.proposal.reject": _("忽略了规则建议"),
    "genes.ruling.draft": _("拟定了数源裁定"),
    "genes.ruling.edit": _("修改了数源裁定"),
    "genes.ruling.discard": _("放弃了数源裁定"),
    "genes.ruling.submit": _("提请了数源裁定"),
    "genes.ruling.return": _("退回了数源裁定"),
    "genes.ruling.rule": _("认定了数源"),
    "genes.ruling.end": _("终止了数源裁定"),
    "genes.ruling.supersede": _("以新的数源裁定取代了"),
    "genes.repetition.found": _("发现重复采集"),
}
# What the people of an agency may see of its trail: work on data. The rest of the verbs stays with the auditors.
SHOWN = tuple(SENTENCES)

SENTENCES |= {
    "sign_in": _("登录"),
    "sign_in.failed": _("登录失败"),
    "sign_in.locked": _("登录被锁定"),
    "sign_out": _("退出登录"),
    "lockout.clear": _("解除了登录锁定"),
    "agency.create": _("新增了机构"),
    "agency.update": _("修改了机构"),
    "person.create": _("新增了人员"),
    "person.update": _("修改了人员"),
    "person.enable": _("启用了人员"),
    "person.disable": _("停用了人员"),
    "person.change_password": _("修改了密码"),
    "person.reset_password": _("重置了密码"),
    "grant.add": _("授予了角色"),
    "grant.revoke": _("撤销了角色"),
    "token.create": _("创建了令牌"),
    "token.revoke": _("撤销了令牌"),
    "list.export": _("导出了清单"),
    "keys.rotate": _("轮换了数据密钥"),
    "backup.make": _("完成了备份"),
    "backup.verify": _("验证了备份"),
    "backup.restore": _("从备份恢复了平台"),
    "audit.verify": _("核验了审计记录"),
    "schedule.set": _("设置了定时"),
    "schedule.remove": _("取消了定时"),
}


def describe(entry: AuditEntry) -> str:
    """The verb in words; a job by the name of its kind."""
    kind = entry.changes.get("kind") if isinstance(entry.changes, dict) else None
    if entry.verb == "job.create" and kind:
        return translate("启动了%(kind)s") % {"kind": job_kinds.label(str(kind))}
    return str(SENTENCES.get(entry.verb, entry.verb))


def label_of(entry: AuditEntry) -> str:
    """What an entry is about. Rules that nobody named are written down in every language (``quality.services.rules``)."""
    return in_language(entry.target_label) if entry.verb.startswith("quality.") else entry.target_label


def events(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    """Entries as `components/timeline.html` takes them."""
    return [
        {
            "who": entry.actor_name,
            "what": describe(entry),
            "object": label_of(entry),
            "url": "",
            "note": "",
            "at": entry.at,
        }
        for entry in entries
    ]
