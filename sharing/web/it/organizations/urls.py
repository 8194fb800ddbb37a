"""Addresses of the pages of partner organizations, under `it:`."""

from django.urls import path

from sharing.web.limits import limited

from . import exchange, listing, partner, planning, plans, policies, probes, relationship

as_file = limited("exports", methods=("GET", "HEAD"))
urlpatterns = [
    path("", listing.organizations_page, name="organizations"),
    path("exchange/", exchange.exchange_page, name="exchange"),
    path("exchange/script/", as_file(exchange.script_file), name="export_script"),
    path("exchange/upload/", exchange.upload_export, name="upload_export"),
    path("exchange/<slug:public_id>/", exchange.snapshot_page, name="snapshot"),
    path("relationships/<uuid:guid>/", relationship.relationship_page, name="relationship"),
    path("relationships/<uuid:guid>/end/", planning.end_relationship, name="end_relationship"),
    path("partners/new/", partner.new_partner, name="new_partner"),
    path("partners/<slug:public_id>/", partner.partner_page, name="partner"),
    path("partners/<slug:public_id>/change/", partner.change_partner, name="change_partner"),
    path("partners/<slug:public_id>/end/", partner.end_partner, name="end_partner"),
    path("partners/<slug:public_id>/plan/", planning.plan_partner, name="plan_partner"),
    path("partners/<slug:public_id>/tests/", probes.tests_page, name="partner_tests"),
    path("partners/<slug:public_id>/test/", probes.test_page, name="test_partner"),
    path("relationships/<uuid:guid>/tests/", probes.tests_page, name="relationship_tests"),
    path("relationships/<uuid:guid>/test/", probes.test_page, name="test_relationship"),
    path("policies/", policies.policies_page, name="sharing_policies"),
    path("policies/<uuid:guid>/plan/", policies.plan_policy, name="plan_policy"),
    path("published/", policies.published_page, name="published"),
    path("plans/", plans.plans_page, name="plans"),
    path("plans/<slug:public_id>/", plans.plan_page, name="plan"),
    path("plans/<slug:public_id>/answer/", plans.answer_plan, name="answer_plan"),
    path("plans/<slug:public_id>/script/", as_file(plans.plan_script), name="plan_script"),
]
