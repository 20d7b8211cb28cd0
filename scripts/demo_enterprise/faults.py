# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in the shop, and what ends when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from demo_enterprise.shop import BAD, SPARE, is_given_up, rest_the_spare, restart_all
from demo_enterprise.traffic import PEAK, USUAL
from demo_enterprise.world import World, until


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault: how it comes, what alert and which first remedy it leads to, whether that remedy helps, how it ends."""

    name: str
    says: str
    begin: Callable[[World], None]
    end: Callable[[World], None]
    alert: str
    action: str
    helps: bool = True


def _crash_loop(world: World) -> None:
    """The disk of shop-2 is full: it cannot start, supervisord gives up. Then there is room again; nobody starts it."""
    world.shop.cause("shop-2", crash=True)
    until(lambda: is_given_up(world.supervised, "shop-2"), what="supervisord gives up shop-2")
    world.shop.cause("shop-2")


def _bad_release(world: World) -> None:
    world.shop.deploy(BAD)
    restart_all(world.supervised)


def _overload(world: World) -> None:
    world.traffic.rate = PEAK


def _overload_and_a_broken_spare(world: World) -> None:
    world.shop.cause(SPARE, errors=1.0)
    world.traffic.rate = PEAK


def _nothing_is_left(_world: World) -> None:
    """The remedy ended it."""


def _peak_is_over(world: World) -> None:
    world.traffic.rate = USUAL
    world.shop.cause(SPARE)
    rest_the_spare(world.proxied)


FAULTS: Final = (
    Fault(
        name="crash loop",
        says="shop-2 cannot start (its disk is full), supervisord gives it up; then there is room again",
        begin=_crash_loop,
        end=_nothing_is_left,
        alert="ShopReplicaDown",
        action="restart_container",
    ),
    Fault(
        name="bad release",
        says="release r2 goes out: 60 of 100 requests fail",
        begin=_bad_release,
        end=_nothing_is_left,
        alert="ShopFailing",
        action="rollback",
    ),
    Fault(
        name="overload",
        says="60 requests a second come, and shop-1 and shop-2 can do 50",
        begin=_overload,
        end=_peak_is_over,
        alert="ShopSlow",
        action="traffic_shift",
    ),
    Fault(
        name="a remedy that makes it worse",
        says="60 requests a second come again, and the spare is broken: whatever it is sent fails",
        begin=_overload_and_a_broken_spare,
        end=_peak_is_over,
        alert="ShopSlow",
        action="traffic_shift",
        helps=False,
    ),
)
