"""A consumer that is given a message twice."""

from billing import Billing

TWICE = {"on": {"method": "basic.deliver", "queue": "invoices"}, "nth": 1, "do": {"redeliver": True}}


def test_an_invoice_that_is_delivered_twice_is_charged_once(pocketmq_scope, start):
    pocketmq_scope.fault(**TWICE)
    billing = start(Billing(pocketmq_scope.url))
    pocketmq_scope.await_queue("invoices", consumers=1)
    pocketmq_scope.publish("invoices", "10 EUR", properties={"message_id": "A1"})
    pocketmq_scope.publish("invoices", "20 EUR", properties={"message_id": "A2"})
    pocketmq_scope.await_drained()
    assert billing.charged == ["10 EUR", "20 EUR"]


# --- The application broken on purpose --------------------------------------------------------------


class Forgetful(Billing):
    def is_done(self, invoice):
        return False


def test_a_consumer_that_forgets_charges_twice_and_the_messages_life_says_why(broken, start):
    with broken("forgetful") as scope:
        scope.fault(**TWICE)
        billing = start(Forgetful(scope.url))
        scope.await_queue("invoices", consumers=1)
        message = scope.publish("invoices", "10 EUR", properties={"message_id": "A1"})["message"]
        scope.await_drained()
        assert billing.charged == ["10 EUR", "10 EUR"]
        life = [event["kind"] for event in scope.message(message)["life"]]
        assert life.count("message.delivered") == 2
