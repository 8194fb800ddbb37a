"""Tags: they say the right words, keep the query string, and never let a name out unescaped."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django import forms
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone

from sharing.models import Role
from sharing.web.tags.figures import scale
from sharing.web.tags.people import FLAGS, initials

NASTY = """<script>alert("gotcha")</script>'&"""


def draw(source, address="/it/access/", **context):
    """What a template draws on the page with this address."""
    return engines["django"].from_string(source).render(context, RequestFactory().get(address))


# Escaping


@pytest.mark.parametrize(
    "source",
    [
        "{% avatar x %}",
        "{% who x x x %}",
        "{% who x x x dense=True %}",
        "{% role x %}",
        "{% role_sentence x %}",
        "{% flag 'outside' x %}",
        "{% pill x x x %}",
        "{% crumbs x x x %}",
        "{% th x x x %}",
        "{% subtabs x tabs %}",
        "{% filters x %}{{ x }}{% endfilters %}",
        "{% search_field x %}",
        "{% select_field x 'role' options %}",
        "{% chips x tabs_of_two %}",
        "{% note x x title=x role=x %}{{ x }}{% endnote %}",
        "{% toast x x %}{{ x }}{% endtoast %}",
        "{% empty_state x x x %}{{ x }}{% endempty_state %}",
        "{% choice x x x x badge=x %}{{ x }}{% endchoice %}",
        "{% event_preview 'read' x %}",
        "{% error_summary tabs_of_two %}",
        "{% summary people x %}",
        "{{ x|bold:x }}",
        "{{ x|bold:names }}",
        "{% kpis x figures %}",
        "{% bars bars %}",
        "{% columns x x weeks x x %}",
        "{% progress 1 2 x %}",
        "{% timeline entries %}",
    ],
)
def test_a_nasty_name_comes_out_as_text(source):
    drawn = draw(
        source,
        address=f"/?q={NASTY}&tenant={NASTY}",
        x=NASTY,
        names=[NASTY, "alert"],
        tabs=[(NASTY, NASTY, 3, True)],
        tabs_of_two=[(NASTY, NASTY)],
        options=[(NASTY, NASTY)],
        people=[SimpleNamespace(name=NASTY, role=role, is_organization=False) for role in (NASTY, "read")],
        figures=[{"label": NASTY, "figure": NASTY, "detail": NASTY, "href": NASTY}],
        bars=[(NASTY, 3, NASTY)],
        weeks=[(NASTY, 1, 2)],
        entries=[{"sentence": NASTY, "names": [NASTY], "when": NASTY}],
        csrf_token="t",
    )
    assert "<script" not in drawn
    assert '"gotcha"' not in drawn
    assert "&amp;lt;" not in drawn  # nor escaped twice


# People and roles


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Megan Bowen", "MB"), ("Adele", "A"), ("Łukasz van Żółć", "ŁŻ"), ("  ", "?"), ("(ext) Lee", "L"), ("", "?")],
)
def test_initials_are_of_the_first_and_the_last_word(name, expected):
    assert initials(name) == expected


def test_an_avatar_has_the_same_tint_everywhere_and_is_silent():
    first, again = draw("{% avatar 'Megan Bowen' %}"), draw("{% avatar 'Megan Bowen' %}")
    assert first == again
    assert 'aria-hidden="true"' in first


def test_what_is_no_person_is_drawn_as_an_icon():
    assert "#building" in draw("{% avatar 'Everyone at Contoso' kind='organization' %}")
    assert "#users-group" in draw("{% avatar 'Sales' kind='group' %}")


def test_a_person_in_a_dense_table_takes_one_line_without_an_avatar():
    drawn = draw("{% who 'Megan Bowen' sub='Assistant' href='/p/' dense=True %}")
    assert "avatar" not in drawn
    assert '<a class="plain" href="/p/">Megan Bowen</a> <span class="sub">Assistant</span>' in drawn


@pytest.mark.parametrize("value", list(Role))
def test_a_role_is_an_icon_and_words_never_colour_alone(value):
    drawn = draw("{% role value %}", value=value)
    assert "<use href=" in drawn
    assert drawn.rpartition("</svg>")[2].removesuffix("</span>")


def test_a_role_speaks_to_owners_in_outlooks_words():
    assert "Can view all details" in draw("{% role 'read' 'owner' %}")
    assert "All details" in draw("{% role 'read' %}")
    assert "Not shared" in draw("{% role 'none' organization=True %}")


@pytest.mark.parametrize("kind", FLAGS)
def test_a_flag_says_its_words(kind):
    assert FLAGS[kind][2] in draw("{% flag kind %}", kind=kind)


def test_a_summary_has_names_in_bold_and_the_rest_not():
    people = [SimpleNamespace(name="Can edit", role="write", is_organization=False)]
    assert draw("{% summary people 'Contoso' %}", people=people) == "<strong>Can edit</strong> can edit."


# Tables


def test_a_head_without_a_key_is_only_a_head():
    assert draw("{% th 'Flags' %}") == '<th scope="col">Flags</th>'


@pytest.mark.parametrize(
    ("sort", "first", "goes_to", "state"),
    [
        ("", "", "person", None),
        ("", "-", "-person", None),
        ("owner", "", "person", None),
        ("person", "", "-person", "ascending"),
        ("-person", "", "person", "descending"),
    ],
)
def test_a_head_sorts_and_then_the_other_way_round(sort, first, goes_to, state):
    drawn = draw("{% th 'Person' 'person' first=first %}", sort=sort, first=first)
    assert f'href="?sort={goes_to}"' in drawn
    assert ("aria-sort" in drawn) == bool(state)
    if state:
        assert f'aria-sort="{state}"' in drawn


def test_sorting_keeps_the_filters_and_goes_to_the_first_page():
    drawn = draw(
        "{% th 'Person' 'person' %}", address="/it/access/?role=read&q=a%26b&after=x.1&before=y.2&sort=-changed"
    )
    assert 'href="?q=a%26b&amp;role=read&amp;sort=person"' in drawn


def page(**values):
    return SimpleNamespace(
        **{"first": 101, "last": 200, "total": 1402, "capped": False, "before": "b.1", "after": "a.2"} | values
    )


def test_pages_are_reached_by_a_cursor_each_way_and_keep_the_filters():
    drawn = draw("{% pager page %}", address="/it/access/?role=read&after=old", page=page())
    assert "101 to 200 of 1,402<" in drawn
    assert 'rel="prev" href="?before=b.1&amp;role=read"' in drawn
    assert 'rel="next" href="?after=a.2&amp;role=read"' in drawn


def test_a_page_without_a_neighbour_has_no_link_to_it():
    drawn = draw("{% pager page %}", page=page(first=1, before="", after=""))
    assert "href" not in drawn


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"total": 10_000, "capped": True}, "101 to 200 of 10,000+"),
        ({"total": None}, "101 to 200<"),
        ({"total": 0}, "No rows"),
    ],
)
def test_a_pager_says_no_more_than_was_counted(values, expected):
    assert expected in draw("{% pager page %}", page=page(**values))


def test_filters_take_tenant_and_sort_along_and_show_what_is_chosen():
    drawn = draw(
        "{% filters 'Filter' %}{% search_field 'Person' %}{% select_field 'Role' 'role' options %}{% endfilters %}",
        address="/it/access/?tenant=t1&sort=owner&q=meg&role=read&after=x",
        options=[("", "Any role"), ("read", "All details")],
    )
    assert '<input type="hidden" name="tenant" value="t1">' in drawn
    assert '<input type="hidden" name="sort" value="owner">' in drawn
    assert "after" not in drawn
    assert 'value="meg"' in drawn
    assert '<option value="read" selected>All details</option>' in drawn


def test_a_chip_drops_its_filter_and_nothing_else():
    drawn = draw(
        "{% chips 1402 chips %}", address="/?role=read&q=meg&tenant=t1&after=x", chips=[("All details", "role")]
    )
    assert ">1,402 results<" in drawn
    assert 'class="chip" href="?q=meg&amp;tenant=t1"' in drawn
    assert 'href="?tenant=t1">Clear all' in drawn


def test_one_result_is_one_result_and_no_filter_needs_no_clearing():
    drawn = draw("{% chips 1 %}")
    assert ">1 result<" in drawn
    assert "Clear all" not in drawn


def covered(**values):
    return SimpleNamespace(
        **{"total": 10212, "read": 10208, "unread": 4, "oldest_at": timezone.now(), "href": "/u/"} | values
    )


def test_a_list_says_what_it_covers_and_what_was_not_checked():
    drawn = draw("{% coverage covered %}", covered=covered())
    assert "Covers 10,208 of 10,212 mailboxes, the oldest reading from today" in drawn
    assert (
        '<a class="link" href="/u/">4 could not be read</a>; what is shown of them is the last known access.' in drawn
    )
    assert "Calendar sharing only. Full access, Send on behalf and apps: not checked." in drawn


def test_a_list_of_nothing_read_does_not_say_nobody():
    drawn = draw("{% coverage covered %}", covered=covered(total=0, read=0, unread=0, oldest_at=None))
    assert "No mailbox was read yet." in drawn
    assert "not checked" in drawn


# Pages


def test_the_last_crumb_is_where_one_is():
    drawn = draw("{% crumbs 'My calendars' '/' 'Kids parties' %}")
    assert '<a class="link" href="/">My calendars</a>' in drawn
    assert '<span aria-current="page">Kids parties</span>' in drawn


def test_a_block_keeps_the_markup_of_the_page_around_it():
    for source in (
        "{% note %}<p>text</p>{% endnote %}",
        "{% empty_state 'users' 'Nobody.' %}<p>text</p>{% endempty_state %}",
        "{% choice 'a' 'b' 'c' %}<p>text</p>{% endchoice %}",
        "{% toast '/x/' %}<p>text</p>{% endtoast %}",
        "{% filters 'f' %}<p>text</p>{% endfilters %}",
    ):
        assert "<p>text</p>" in draw(source, csrf_token="t")


def test_a_toast_is_dismissed_by_a_guarded_form():
    drawn = draw("{% toast '/changes/c1/dismiss/' %}Saved.{% endtoast %}", csrf_token="secret")
    assert 'role="status"' in drawn
    assert 'method="post" action="/changes/c1/dismiss/"' in drawn
    assert 'name="csrfmiddlewaretoken" value="secret"' in drawn


def test_one_choice_is_checked_and_may_be_marked():
    drawn = draw("{% choice 'role' 'read' 'Can view' 'text' checked=True badge='Now' %}{% endchoice %}")
    assert 'name="role" value="read" checked>' in drawn
    assert ">Now<" in drawn
    assert "checked" not in draw("{% choice 'role' 'read' 'Can view' %}{% endchoice %}")


def test_who_sees_only_busy_times_cannot_tell_a_private_event():
    drawn = draw("{% event_preview 'freeBusyRead' 'Megan Bowen' %}")
    assert drawn.count(">Busy<") == 2
    assert "#lock" not in drawn


def test_only_a_delegate_with_private_events_sees_the_private_title():
    titles = {role: "check-up" in draw("{% event_preview role 'Megan Bowen' %}", role=role) for role in Role}
    assert [role for role, seen in titles.items() if seen] == [Role.PRIVATE_DELEGATE]


def test_only_delegates_get_invitations_in_the_preview():
    invited = {role for role in Role if "Invitations" in draw("{% event_preview role 'x' %}", role=role)}
    assert invited == {Role.DELEGATE, Role.PRIVATE_DELEGATE}


def test_no_access_is_drawn_as_nothing_and_an_unknown_role_not_at_all():
    assert ">Nothing<" in draw("{% event_preview 'none' 'x' %}")
    assert 'class="ev' not in draw("{% event_preview 'custom' 'x' %}")


class Form(forms.Form):
    role = forms.CharField()


def test_errors_of_a_form_are_links_to_its_fields():
    drawn = draw("{% error_summary form %}", form=Form({}))
    assert 'role="alert"' in drawn
    assert '<a href="#id_role">This field is required.</a>' in drawn
    assert draw("{% error_summary form %}", form=Form({"role": "read"})) == ""


@pytest.mark.parametrize("name", ["moment", "ago", "day", "short_day", "number"])
def test_what_is_not_known_is_drawn_as_nothing(name):
    assert draw("{{ x|" + name + " }}", x=None) == ""


def test_moments_are_in_the_readers_time_zone():
    at = timezone.now() - timedelta(minutes=4)
    assert draw("{{ at|ago }}", at=at) == "4 minutes ago"
    with timezone.override("Asia/Tokyo"):
        assert draw("{{ at|moment }}", at=at).endswith(f"{timezone.localtime(at):%H:%M}")


# Charts


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (134, [0, 50, 100, 150]),
        (150, [0, 50, 100, 150]),
    ],
)
def test_a_chart_has_round_lines_up_to_its_highest_column(most, lines):
    assert scale(most) == lines


def test_the_highest_column_stands_on_the_ground_and_stays_below_the_top_line():
    drawn = draw("{% columns 'weeks' 'Said.' weeks %}", weeks=[("31 Aug", 0, 100), ("7 Sep", 25, 50)])
    assert 'y="8.0" width="10" height="164.0"' in drawn  # 100 of 100
    assert 'y="131.0" width="10" height="41.0"' in drawn  # 25 of 100
    assert '<title id="weeks-title">Said.</title>' in drawn


def test_a_chart_is_a_table_too():
    drawn = draw("{% columns 'weeks' 'Said.' weeks %}", weeks=[("31 Aug", 1234, 5)])
    assert '<th scope="row">31 Aug</th><td class="r num">1,234</td>' in drawn


def test_bars_are_as_long_as_their_share_of_the_longest_and_small_ones_stay_visible():
    drawn = draw(
        "{% bars rows %}", rows=[("read", 40_000, ""), ("write", 20_000, "/x/"), ("custom", 1, ""), ("none", 0, "")]
    )
    assert [part.partition('"')[0] for part in drawn.split('width="')[1:]] == ["100.0%", "50.0%", "0.5%", "0"]


def test_bars_of_nothing_are_drawn():
    assert 'width="0"' in draw("{% bars rows %}", rows=[("read", 0, "")])


def test_progress_never_exceeds_its_end():
    assert 'value="5" max="5"' in draw("{% progress 7 5 'Mailboxes read' %}")
    assert 'value="0" max="1"' in draw("{% progress 0 0 'Mailboxes read' %}")
