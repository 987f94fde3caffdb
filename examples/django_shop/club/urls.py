"""Where the views are."""

from django.urls import path

from club import views

urlpatterns = [
    path("orders/<str:number>", views.place_order),
    path("members/<str:member>/points", views.show_points),
]
