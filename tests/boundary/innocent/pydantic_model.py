# looks like: a model with such fields
from pydantic import BaseModel, Field
class Model(BaseModel):
    exec: str = Field(description="DELETE FROM x WHERE y = 1")
    license: str = ""
