"""Which binary the kit starts, and what it says if there is none."""

import pytest

from pocketmq import BinaryNotFound, find_binary


def program(folder):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pocketmq-broker"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def places(tmp_path):
    """All four places have one."""
    return {
        "given": program(tmp_path / "given"),
        "named": program(tmp_path / "named"),
        "wheel": program(tmp_path / "package/bin"),
        "path": program(tmp_path / "path"),
    }


@pytest.fixture
def find(tmp_path, places):
    def find(given=None, variable=True):
        environment = {"PATH": str(tmp_path / "path")}
        if variable:
            environment["POCKETMQ_BROKER"] = str(places["named"])
        return find_binary(given, environment, tmp_path / "package")

    return find


def test_the_one_that_is_given_comes_before_all_others(find, places):
    assert find(given=places["given"]) == places["given"]


def test_then_comes_the_one_of_the_environment_then_that_of_the_wheel_then_that_on_the_path(find, places):
    assert find() == places["named"]
    assert find(variable=False) == places["wheel"]
    places["wheel"].unlink()
    assert find(variable=False) == places["path"]


def test_one_that_may_not_be_executed_is_not_the_wheels(find, places):
    places["wheel"].chmod(0o644)
    assert find(variable=False) == places["path"]


def test_where_there_is_none_the_error_names_all_three_places(find, places, tmp_path):
    places["wheel"].unlink()
    places["path"].unlink()
    with pytest.raises(BinaryNotFound) as error:
        find(variable=False)
    text = str(error.value)
    assert "POCKETMQ_BROKER is not set" in text
    assert str(tmp_path / "package/bin/pocketmq-broker") in text
    assert str(tmp_path / "path") in text


def test_one_that_is_named_and_not_there_is_an_error(find, places, tmp_path):
    places["named"].unlink()
    with pytest.raises(BinaryNotFound, match="POCKETMQ_BROKER names .*named/pocketmq-broker, which is not there"):
        find()
    with pytest.raises(BinaryNotFound, match="names the folder .*; name the file pocketmq-broker in it"):
        find(given=tmp_path)
    places["given"].chmod(0o644)
    with pytest.raises(BinaryNotFound, match="may not be executed; run: chmod"):
        find(given=places["given"])
