"""Template tags of every page; all of them write escaped text, and neither style nor script.

They are built into the template engine (TEMPLATES `builtins`), so no page loads them: `people` has icons, people,
roles and flags, `tables` what stands around a table, `pages` remarks and choices, `figures` numbers and charts.
"""

from django import template
from django.templatetags.static import do_static

from . import figures, pages, people, tables

register = template.Library()
register.tag("static", do_static)
for part in (people, tables, pages, figures):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)
