"""Addresses of finding a time and booking."""

from django.urls import path

from . import book, find, mine

app_name = "meetings"
urlpatterns = [
    path("", find.find, name="find"),
    path("times/", find.times, name="times"),
    path("confirm/", book.confirm, name="confirm"),
    path("book/", book.book, name="book"),
    path("mine/", mine.mine, name="mine"),
    path("<str:public_id>/", mine.booking, name="booking"),
    path("<str:public_id>/look/", mine.look_again, name="look_again"),
    path("<str:public_id>/move/", mine.move, name="move"),
    path("<str:public_id>/cancel/", mine.cancel, name="cancel"),
]
