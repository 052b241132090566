"""A camera for `celery events`: one line for each photograph that shows something."""
from celery.events.snapshot import Polaroid


class Camera(Polaroid):
    clear_after = True

    def on_shutter(self, state):
        if state.event_count:
            with open("photographs", "a") as photographs:
                photographs.write("%d workers, %d tasks\n" % (len(state.workers), state.task_count))
