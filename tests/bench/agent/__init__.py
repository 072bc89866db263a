"""An evaluation of the agent that anybody with a key can run: tasks on an example project, scored by checks that the model never sees."""
