"""The Celery project: two tasks on two queues, and a schedule that sends both every second."""
import os

from celery import Celery

app = Celery("tasks", broker=os.environ["BROKER_URL"])
app.conf.update(
    task_routes={"tasks.send_mail": {"queue": "mail"}},
    task_default_queue="default",
    worker_send_task_events=True,
    broker_connection_retry_on_startup=True,
    beat_schedule={
        "resize": {"task": "tasks.resize", "schedule": 1.0},
        "send mail": {"task": "tasks.send_mail", "schedule": 1.0},
    },
)


def record(queue):
    """One line for each task that was done, with the pid of the process of the pool that did it."""
    with open("done-%s" % queue, "a") as done:
        done.write("%d\n" % os.getpid())


@app.task
def resize():
    record("default")


@app.task
def send_mail():
    record("mail")
