"""The lines of what follows the works: surveys, complaints, the rectification register (see ``table``)."""

from __future__ import annotations

AFTERWARDS = """
GET    /api/v1/surveys                                                | account
GET    /api/v1/surveys/<open_survey>                                  | estate
GET    /api/v1/surveys/<draft_survey>                                 | nobody
GET    /api/v1/surveys/<open_survey>/answers?dwelling=<dwelling>      | household
PUT    /api/v1/surveys/<open_survey>/draft                            | household
POST   /api/v1/surveys/<open_survey>/answers                          | household
GET    /api/v1/surveys/<open_survey>/results                          | estate
POST   /api/v1/surveys/<open_survey>/objections                       | household
GET    /api/v1/rectification                                          | account
GET    /api/v1/rectification?estate=<estate>                          | estate
GET    /api/v1/works-items                                            | account
GET    /api/v1/works-items?estate=<estate>                            | estate
GET    /api/v1/complaint-choices                                      | public
GET    /api/v1/complaints                                             | account
POST   /api/v1/complaints                                             | estate
GET    /api/v1/complaints/<complaint>                                 | self
POST   /api/v1/complaints/<complaint>/withdraw                        | self
POST   /api/v1/complaints/<complaint>/reopen                          | self
POST   /api/v1/complaints/<complaint>/dispute                         | self
POST   /api/v1/complaints/<complaint>/follow-up                       | self
POST   /api/v1/complaint-follow-ups                                   | public
GET    /api/v1/complaint-tracker?number=<complaint_number>            | public
POST   /api/v1/complaint-tracker/case                                 | public
POST   /api/v1/complaint-tracker/dispute                              | public
POST   /api/v1/complaint-tracker/follow-up                            | public
POST   /api/v1/staff/project-estates/<row>/gates/<gate>/surveys       | .BTR.......
GET    /api/v1/staff/rectification/items                              | own .BTROM...DU
POST   /api/v1/staff/rectification/items                              | .BTR.......
GET    /api/v1/staff/rectification/items/<defect>                     | .BTROM...DU
PUT    /api/v1/staff/rectification/items/<defect>                     | .BTR.......
POST   /api/v1/staff/rectification/items/<defect>/evidence            | .BTR.....D.
DELETE /api/v1/staff/rectification/evidence/<defect_evidence>         | .BTR.......
POST   /api/v1/staff/rectification/items/<defect>/progress            | .BTR.....D.
POST   /api/v1/staff/rectification/items/<mended_defect>/verification | .BTR.......
GET    /api/v1/staff/rectification/units                              | own .BTROM...DU
GET    /api/v1/staff/rectification/template                           | own .BTR.......
POST   /api/v1/staff/rectification/imports                            | .BTR.......
POST   /api/v1/staff/rectification/exports                            | .BTROM...DU
GET    /api/v1/staff/works-items                                      | own .BTROM...DU
POST   /api/v1/staff/works-items                                      | .BTR.......
GET    /api/v1/staff/works-items/<works>                              | .BTROM...DU
PUT    /api/v1/staff/works-items/<works>                              | .BTR.......
GET    /api/v1/staff/complaints                                       | own .BTR....H.U
GET    /api/v1/staff/complaints?estate=<estate>                       | .BTR....H.U
GET    /api/v1/staff/complaints/statistics                            | own .BTR....H.U
GET    /api/v1/staff/complaints/statistics?by=estate&estate=<estate>  | .BTR....H.U
GET    /api/v1/staff/complaints/statistics?restricted=true&organisation=<community>  | .B........U
POST   /api/v1/staff/complaints/statistics/exports                    | .BTR....H.U
GET    /api/v1/staff/assigned-complaints/statistics                   | own .B.R.....D.
POST   /api/v1/staff/complaints                                       | .BTR..SGH..
GET    /api/v1/staff/complaints/<complaint>                           | .BTR....H.U
GET    /api/v1/staff/complaints/<accusation>                          | .B........U
POST   /api/v1/staff/complaints/<complaint>/accept                    | .BTR....H..
POST   /api/v1/staff/complaints/<complaint>/reclassify                | .BTR....H..
POST   /api/v1/staff/complaints/<complaint>/hand-up                   | .BTR....H..
POST   /api/v1/staff/complaints/<complaint>/transfer                  | .BTR....H..
POST   /api/v1/staff/complaints/<complaint>/decline                   | .BT.....H..
POST   /api/v1/staff/complaints/<complaint>/dispute                   | .BT........
GET    /api/v1/staff/complaints/<complaint>/duplicates                | .BT.....H..
POST   /api/v1/staff/complaints/<complaint>/merge                     | .BT.....H..
POST   /api/v1/staff/complaints/<complaint>/dispatch                  | .BT.....H..
POST   /api/v1/staff/complaints/<assigned_complaint>/pause            | .BT.....H..
POST   /api/v1/staff/complaints/<assigned_complaint>/resume           | .BT.....H..
POST   /api/v1/staff/complaints/<assigned_complaint>/extension-decision  | .BT.....H..
POST   /api/v1/staff/complaints/<assigned_complaint>/supervise        | .BT........
POST   /api/v1/staff/complaints/<resolved_complaint>/reopen           | .BT........
POST   /api/v1/staff/complaints/<resolved_complaint>/follow-up        | .BT.....H..
POST   /api/v1/staff/complaints/<resolved_complaint>/close            | .BT.....H..
POST   /api/v1/staff/complaints/<complaint>/reporter-views            | ..T.....H..
POST   /api/v1/staff/complaints/<assigned_complaint>/mediations       | ..TR....H..
POST   /api/v1/staff/complaints/<assigned_complaint>/mediation-views  | ..TR....H..
GET    /api/v1/staff/assigned-complaints                              | own .B.R.....D.
GET    /api/v1/staff/assigned-complaints/<assigned_complaint>         | .B.R.....D.
POST   /api/v1/staff/assigned-complaints/<assigned_complaint>/start   | .........D.
POST   /api/v1/staff/assigned-complaints/<assigned_complaint>/contest | .........D.
POST   /api/v1/staff/assigned-complaints/<assigned_complaint>/notes   | .........D.
POST   /api/v1/staff/assigned-complaints/<assigned_complaint>/extension-request  | .........D.
POST   /api/v1/staff/assigned-complaints/<assigned_complaint>/resolve            | .........D.
POST   /api/v1/staff/assigned-complaints/<assigned_complaint>/reporter-views     | .........D.
GET    /api/v1/staff/parties                                          | own .BTR....H.U
GET    /api/v1/staff/parties?organisation=<community>                 | .BTR....H.U
POST   /api/v1/staff/parties                                          | .BT........
PUT    /api/v1/staff/parties/<party>                                  | .BT........
POST   /api/v1/staff/parties/<party>/members                          | .BT........
DELETE /api/v1/staff/parties/<party>/members/<colleague>              | .BT........
GET    /api/v1/staff/survey-templates                                 | own .BTR.......
GET    /api/v1/staff/surveys                                          | own ABTROMSG..U
POST   /api/v1/staff/surveys                                          | .BTR.......
GET    /api/v1/staff/surveys/<open_survey>                            | ABTROMSG..U
PUT    /api/v1/staff/surveys/<draft_survey>                           | .BTR.......
POST   /api/v1/staff/surveys/<draft_survey>/open                      | .BTR.......
POST   /api/v1/staff/surveys/<open_survey>/cancel                     | .BTR.......
POST   /api/v1/staff/surveys/<open_survey>/close                      | .BTR.......
POST   /api/v1/staff/surveys/<open_survey>/export                     | .BTR......U
GET    /api/v1/staff/surveys/<open_survey>/coverage                   | ABTROM.G..U
GET    /api/v1/staff/surveys/<open_survey>/coverage?estate=<estate>   | ABTROMSG..U
GET    /api/v1/staff/surveys/<open_survey>/results                    | ABTROM.G..U
GET    /api/v1/staff/surveys/<open_survey>/results?estate=<estate>    | ABTROM.G..U
GET    /api/v1/staff/surveys/<open_survey>/breakdown?question=overall | ABTROM.G..U
GET    /api/v1/staff/surveys/<open_survey>/responses?estate=<estate>  | .BTR......U
GET    /api/v1/staff/surveys/<open_survey>/texts?estate=<estate>      | .BTR......U
GET    /api/v1/staff/surveys/<open_survey>/worklist?estate=<estate>   | ...R...G...
GET    /api/v1/staff/surveys/<open_survey>/worklist?estate=<estate>&building=<building>        | ...R..SG...
GET    /api/v1/staff/surveys/<open_survey>/worklist?estate=<estate>&building=<other_building>  | ...R...G...
GET    /api/v1/staff/surveys/<open_survey>/households?estate=<estate>&door=1-1-101  | ...R..SG...
GET    /api/v1/staff/surveys/<open_survey>/households?estate=<estate>&door=2-1-101  | ...R...G...
GET    /api/v1/staff/surveys/<open_survey>/households/<household>     | ...R..SG...
GET    /api/v1/staff/surveys/<open_survey>/households/<far_household> | ...R...G...
POST   /api/v1/staff/surveys/<open_survey>/households/<household>/responses  | ...R..SG...
POST   /api/v1/staff/surveys/<open_survey>/households/<household>/tries      | ...R..SG...
"""
