"""Pages for portal admins: connections, mailboxes, roles and sync runs; none of them shows who shares what."""
