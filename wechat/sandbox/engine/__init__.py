"""What the platform does by itself: pushing to the backend, judging its answers, finishing jobs later."""
