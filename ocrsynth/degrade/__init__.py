"""Stage 4: what print, paper, camera and codec do to a picture."""
